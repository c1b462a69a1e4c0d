import type { ConversationEvent } from './socket-events.ts';

/**
 * Returns the sender of the message whose key an event contains. The key is for its sender alone: every other member
 * gets the event from {@link eventFor}.
 */
export const keyHolderOf = (event: ConversationEvent): string | undefined =>
  (event.type === 'message.created' || event.type === 'message.updated') &&
  event.message.client_message_id !== undefined
    ? event.message.sender_user_id
    : undefined;

/** Returns an event of a log as `userId` receives it. Undefined: as everybody receives it except the sender. */
export const eventFor = (event: ConversationEvent, userId: string | undefined): ConversationEvent => {
  const isMessage = event.type === 'message.created' || event.type === 'message.updated';
  if (!isMessage || keyHolderOf(event) === undefined || keyHolderOf(event) === userId) return event;
  const { client_message_id: _, ...message } = event.message;
  return { ...event, message };
};
