import type { Aftermath } from './aftermath.ts';
import type { Feed, History, SeenEvent } from './history.ts';
import type { Violation } from './violation.ts';

const nameOf = ({ type, subject }: SeenEvent): string => `${type} of ${subject}`;

/** Adapts the expected events to the current log, which keeps nothing of a deleted message. */
const isSame = (logged: SeenEvent, told: Pick<SeenEvent, 'type' | 'subject'>): boolean =>
  logged.subject === told.subject &&
  (logged.type === told.type || (told.type === 'message.created' && logged.type === 'message.deleted'));

const checkLog = (conversation: string, lastSeq: number, events: readonly SeenEvent[]): string[] => {
  const wrong = events.findIndex(({ seq }, index) => seq !== index + 1);
  if (wrong >= 0)
    return [`the log of ${conversation} has ${events[wrong]?.seq} in the place of ${wrong + 1}`];
  return events.length === lastSeq
    ? []
    : [`the log of ${conversation} ends at ${events.length}, its counter says ${lastSeq}`];
};

/** Reports one gap per feed: every event after the first gap is wrong as well. */
const checkFeed = (feed: Feed, log: readonly SeenEvent[], lastSeq: number): string[] => {
  const who = `${feed.client} in ${feed.conversation_id}`;
  let expected = feed.since_seq;
  for (const event of feed.events) {
    expected += 1;
    if (event.seq < expected) return [`${who} received ${event.seq} again`];
    if (event.seq > expected) return [`${who} never received ${expected}, and then ${event.seq}`];
    const logged = log[event.seq - 1];
    if (logged !== undefined && !isSame(logged, event))
      return [`${who} received ${nameOf(event)} as ${event.seq}, the log has ${nameOf(logged)}`];
  }
  return expected === lastSeq ? [] : [`${who} is at ${expected}, the log at ${lastSeq}`];
};

/** D: logs and feeds have every number once and in order, and acknowledged messages have their number. */
export const checkSequences = (history: History, aftermath: Aftermath): Violation[] => {
  const { logs } = aftermath;
  const inLogs = [...logs].flatMap(([id, { last_seq, events }]) => checkLog(id, last_seq, events));
  const inFeeds = history.feeds.flatMap((feed) => {
    const log = logs.get(feed.conversation_id);
    return log === undefined
      ? [`${feed.client} follows ${feed.conversation_id}, which is gone`]
      : checkFeed(feed, log.events, log.last_seq);
  });
  const lost = history.messages.flatMap(({ conversation_id, message_id, seq }) => {
    const entry = logs.get(conversation_id)?.events.find((event) => event.seq === seq);
    return entry !== undefined && isSame(entry, { type: 'message.created', subject: message_id })
      ? []
      : [`message ${message_id} was acknowledged as ${seq} of ${conversation_id}, and is not there`];
  });
  return [...inLogs, ...inFeeds, ...lost].map((what) => ({ invariant: 'D', what }));
};
