import type { OutgoingMessage } from '../messages/outgoing-message.ts';
import type { Message } from '../wire/conversation.ts';

/**
 * Returns sent and waiting messages in the order in which their sender wrote them. A message that still waits, for
 * example for its upload, keeps its place when others are sent before it. A sent entry has `message_id`.
 */
export const timelineOf = (
  messages: readonly Message[],
  outgoing: readonly OutgoingMessage[],
): (Message | OutgoingMessage)[] => {
  const waiting = outgoing
    .map((message) => ({ message, place: message.afterSeq ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => (a.place === b.place ? 0 : a.place - b.place));
  const timeline: (Message | OutgoingMessage)[] = [];
  let next = 0;
  for (const message of messages) {
    for (let entry = waiting[next]; entry && entry.place < message.seq; entry = waiting[next]) {
      timeline.push(entry.message);
      next += 1;
    }
    timeline.push(message);
  }
  return [...timeline, ...waiting.slice(next).map(({ message }) => message)];
};
