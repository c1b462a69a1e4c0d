import type { OutgoingMessage } from '../messages/outgoing-message.ts';
import type { Message } from '../wire/conversation.ts';

/**
 * Returns the unsent messages that the list does not show yet. A message's event may arrive before the answer to
 * sending it, and carries the key that its sender chose. Events of a server that does not echo the key are matched
 * by sender, type, text and media.
 *
 * @param sinceSeq the conversation's last seq when each outgoing message was first shown
 */
export const visibleOutgoing = (
  outgoing: readonly OutgoingMessage[],
  messages: readonly Message[],
  userId: string | undefined,
  sinceSeq: (message: OutgoingMessage) => number,
): OutgoingMessage[] => {
  const keys = new Set(messages.map(({ client_message_id }) => client_message_id));
  const own = messages.filter(
    ({ sender_user_id, client_message_id }) => sender_user_id === userId && client_message_id === undefined,
  );
  return outgoing.filter((waiting) => {
    if (keys.has(waiting.id)) return false;
    const arrived = own.findIndex(
      ({ seq, ...message }) => seq > sinceSeq(waiting) && isSame(waiting, message),
    );
    if (arrived === -1) return true;
    own.splice(arrived, 1);
    return false;
  });
};

const isSame = (waiting: OutgoingMessage, message: Omit<Message, 'seq'>): boolean =>
  waiting.state !== 'failed' &&
  waiting.type === message.message_type &&
  waiting.text === message.body &&
  waiting.mediaObjectId === message.media_object_id;
