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
  const byId = new Map(messages.map((message) => [message.message_id, message]));
  for (const message of incoming) {
    const media = newerMedia(byId.get(message.message_id)?.media, message.media);
    byId.set(message.message_id, media ? { ...message, media } : message);
  }
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
};

/** What an event makes of the messages. */
export const withEvent = (messages: Messages, event: ConversationEvent): Messages => {
  switch (event.type) {
    case 'message.created':
      return withMessages(messages, [event.message]);
    case 'message.deleted':
      return messages.filter(({ message_id }) => message_id !== event.message.message_id);
    case 'media.updated':
      return messages.map((message) =>
        message.media_object_id === event.media.media_object_id
          ? { ...message, media: newerMedia(message.media, event.media) }
          : message,
      );
    default:
      return messages;
  }
};

/** A page may be newer than an event that is replayed after it: the higher `rev` stays. */
const newerMedia = <Known extends Media | undefined>(current: Media | undefined, incoming: Known) =>
  current && (!incoming || incoming.rev < current.rev) ? current : incoming;
