import type { ConversationEvent } from './socket-events.ts';

/**
 * Returns the sender of the message whose key is in an event. The key is for its sender alone: everybody else
 * gets the event by {@link eventFor}.
 */
export const keyHolderOf = (event: ConversationEvent): string | undefined =>
  (event.type === 'message.created' || event.type === 'message.updated') &&
  event.message.client_message_id !== undefined
    ? event.message.sender_user_id
    : undefined;

/** Returns an event of a log as `userId` gets it; undefined: as everybody gets it who did not send the message. */
export const eventFor = (event: ConversationEvent, userId: string | undefined): ConversationEvent => {
  const isMessage = event.type === 'message.created' || event.type === 'message.updated';
  if (!isMessage || keyHolderOf(event) === undefined || keyHolderOf(event) === userId) return event;
  const { client_message_id: _, ...message } = event.message;
  return { ...event, message };
};
