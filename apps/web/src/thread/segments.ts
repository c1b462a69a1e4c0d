import { type Message, type OutgoingMessage, timelineOf } from '@claimcheck/client';

/** A run of sent messages, and the waiting ones after it. */
export interface Segment {
  messages: Message[];
  outgoing: OutgoingMessage[];
}

/** Returns all messages in the order in which this user wrote them: a waiting message keeps its place. */
export const segmentsOf = (
  messages: readonly Message[],
  outgoing: readonly OutgoingMessage[],
): readonly Segment[] => {
  const segments: Segment[] = [];
  for (const entry of timelineOf(messages, outgoing)) {
    const last = segments.at(-1);
    if ('message_id' in entry) {
      if (last && last.outgoing.length === 0) last.messages.push(entry);
      else segments.push({ messages: [entry], outgoing: [] });
    } else if (last) last.outgoing.push(entry);
    else segments.push({ messages: [], outgoing: [entry] });
  }
  return segments;
};
