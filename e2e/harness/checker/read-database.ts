import { optimizeRequestSchema } from '@claimcheck/contracts/broker-events';
import { readLog } from '@claimcheck/database/conversation-log';
import type { Database } from '@claimcheck/database/database';
import type { Aftermath, Effect, MediaAfter } from './aftermath.ts';
import type { Payload } from './history.ts';
import { toSeenEvent } from './to-seen-event.ts';

const WHOLE_LOG = 1_000_000;

const readLogs = async (database: Database): Promise<Aftermath['logs']> => {
  const logs: Aftermath['logs'] = new Map();
  const conversations = await database.client.conversation.findMany({ select: { conversation_id: true } });
  for (const { conversation_id } of conversations) {
    const page = await readLog(database, conversation_id, 0, WHOLE_LOG);
    if (page === undefined) continue;
    const events = page.events.map((event) => toSeenEvent(event.type, event));
    logs.set(conversation_id, { last_seq: page.last_seq, events });
  }
  return logs;
};

const revisionsIn = (logs: Aftermath['logs']): Effect[] =>
  [...logs].flatMap(([conversation, { events }]) =>
    events
      .filter(({ type }) => type === 'media.updated')
      .map(({ subject }): Effect => ({ what: 'revision in a log', key: `${subject} in ${conversation}` })),
  );

/** Reads the requests to workers. A rescan may be requested repeatedly. */
const requestsIn = (outbox: readonly { subject: string; payload: unknown }[]): Effect[] =>
  outbox.flatMap(({ subject, payload }): Effect[] => {
    const { data } = optimizeRequestSchema.safeParse(payload);
    if (data === undefined || data.only !== undefined || data.probe === true) return [];
    return [{ what: 'request', key: `${subject} ${data.mediaId} epoch ${data.epoch}` }];
  });

/** Reads the final state of Postgres. */
export const readDatabase = async (
  database: Database,
): Promise<{ media: MediaAfter[]; logs: Aftermath['logs']; effects: Effect[]; payloads: Payload[] }> => {
  const { client } = database;
  const media = await client.media_object.findMany({
    select: { media_object_id: true, state: true, epoch: true },
  });
  const outbox = await client.outbox.findMany({ select: { subject: true, payload: true } });
  const logs = await readLogs(database);
  return {
    media,
    logs,
    effects: [...revisionsIn(logs), ...requestsIn(outbox)],
    payloads: outbox.map(({ subject, payload }) => ({
      where: 'outbox',
      what: subject,
      bytes: Buffer.byteLength(JSON.stringify(payload)),
      isText: true,
    })),
  };
};
