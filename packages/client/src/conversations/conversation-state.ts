import type { ConversationEvent, Message } from '../wire/conversation.ts';
import type { Media } from '../wire/media.ts';
import { newerMedia, newerMessage, withMedia } from './newer.ts';

/** A page of messages. `last_seq` was read before the messages, so following from there misses nothing. */
export interface MessagePage {
  messages: Message[];
  last_seq: number;
}

/** Messages sorted by seq, each of them once. */
export type Messages = readonly Message[];

/** Adds messages from any source: a page, an event, or the answer to sending one. */
export const withMessages = (messages: Messages, incoming: readonly Message[]): Messages => {
  if (incoming.length === 0) return messages;
  const newest = messages.at(-1)?.seq ?? 0;
  // A message that is already in the list keeps its seq.
  if (incoming.length === 1 && incoming.every(({ seq }) => seq > newest)) return [...messages, ...incoming];
  const known = new Map(messages.map((message) => [message.message_id, message]));
  const given = new Map(
    incoming.map((message) => [message.message_id, newerMessage(known.get(message.message_id), message)]),
  );
  const kept = messages.filter(({ message_id }) => !given.has(message_id));
  return merged(kept, [...given.values()].sort(bySeq));
};

/** Returns the messages after an event. */
export const withEvent = (messages: Messages, event: ConversationEvent): Messages =>
  withEvents(messages, [event]);

/** Returns the messages after several events, applied in order. Takes one pass, however many events there are. */
export const withEvents = (messages: Messages, events: readonly ConversationEvent[]): Messages => {
  const created = new Map<string, Message>();
  /** Edits of messages in the list only: adding an older message would leave a hole after it. */
  const edited = new Map<string, Message>();
  const deleted = new Set<string>();
  const updated = new Map<string, Media>();
  for (const event of events) {
    if (event.type === 'message.created') {
      created.set(event.message.message_id, event.message);
    } else if (event.type === 'message.updated') {
      edited.set(event.message.message_id, event.message);
    } else if (event.type === 'message.deleted') {
      created.delete(event.message.message_id);
      deleted.add(event.message.message_id);
    } else if (event.type === 'media.updated') {
      const media = newerMedia(updated.get(event.media.media_object_id), event.media);
      updated.set(event.media.media_object_id, media);
    }
  }
  const left = deleted.size === 0 ? messages : messages.filter(({ message_id }) => !deleted.has(message_id));
  const all = withMessages(left, [...created.values()]);
  if (edited.size === 0 && updated.size === 0) return all;
  return all.map((message) => {
    const edit = edited.get(message.message_id);
    return withMedia(edit ? newerMessage(message, edit) : message, updated);
  });
};

const bySeq = (a: Message, b: Message): number => a.seq - b.seq;

/** Merges two sorted lists. New messages nearly always follow the old ones. */
const merged = (first: readonly Message[], second: readonly Message[]): Message[] => {
  const [last, next] = [first.at(-1), second[0]];
  const both = [...first, ...second];
  return last === undefined || next === undefined || last.seq < next.seq ? both : both.sort(bySeq);
};
