import type { ConversationEvent, Message } from '../wire/conversation.ts';
import type { Media } from '../wire/media.ts';

/** A page of messages; `last_seq` was read before the messages, so following from there misses nothing. */
export interface MessagePage {
  messages: Message[];
  last_seq: number;
}

/** Messages are sorted by seq, and each is there once. */
export type Messages = readonly Message[];

/** Puts messages in, wherever they come from: a page, an event, or the answer to sending one. */
export const withMessages = (messages: Messages, incoming: readonly Message[]): Messages => {
  if (incoming.length === 0) return messages;
  const newest = messages.at(-1)?.seq ?? 0;
  // A message that is known has the seq that it had.
  if (incoming.length === 1 && incoming.every(({ seq }) => seq > newest)) return [...messages, ...incoming];
  const known = new Map(messages.map((message) => [message.message_id, message]));
  const given = new Map(
    incoming.map((message) => {
      const media = newerMedia(known.get(message.message_id)?.media, message.media);
      return [message.message_id, media ? { ...message, media } : message];
    }),
  );
  const kept = messages.filter(({ message_id }) => !given.has(message_id));
  return merged(kept, [...given.values()].sort(bySeq));
};

/** The messages after an event. */
export const withEvent = (messages: Messages, event: ConversationEvent): Messages =>
  withEvents(messages, [event]);

/** The messages after several events, in their order. Costs one pass, however many events there are. */
export const withEvents = (messages: Messages, events: readonly ConversationEvent[]): Messages => {
  const created = new Map<string, Message>();
  const deleted = new Set<string>();
  const updated = new Map<string, Media>();
  for (const event of events) {
    if (event.type === 'message.created') {
      deleted.delete(event.message.message_id);
      created.set(event.message.message_id, event.message);
    } else if (event.type === 'message.deleted') {
      created.delete(event.message.message_id);
      deleted.add(event.message.message_id);
    } else if (event.type === 'media.updated') {
      const media = newerMedia(updated.get(event.media.media_object_id), event.media);
      updated.set(event.media.media_object_id, media);
    }
  }
  const left = deleted.size === 0 ? messages : messages.filter(({ message_id }) => !deleted.has(message_id));
  return withMedia(withMessages(left, [...created.values()]), updated);
};

const withMedia = (messages: Messages, updated: ReadonlyMap<string, Media>): Messages => {
  if (updated.size === 0) return messages;
  return messages.map((message) => {
    const media = updated.get(message.media_object_id ?? '');
    return media === undefined ? message : { ...message, media: newerMedia(message.media, media) };
  });
};

const bySeq = (a: Message, b: Message): number => a.seq - b.seq;

/** Two sorted lists as one. New messages nearly always follow the old ones. */
const merged = (first: readonly Message[], second: readonly Message[]): Message[] => {
  const [last, next] = [first.at(-1), second[0]];
  const both = [...first, ...second];
  return last === undefined || next === undefined || last.seq < next.seq ? both : both.sort(bySeq);
};

/** A page may be newer than an event that is replayed after it: the higher `rev` stays. */
const newerMedia = <Known extends Media | undefined>(current: Media | undefined, incoming: Known) =>
  current && (!incoming || incoming.rev < current.rev) ? (current as Known) : incoming;
