import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import { type ReceivedResponse, receivedResponseSchema } from '@claimcheck/contracts/received-events';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { subjectsRead } from '@claimcheck/platform/nats/subjects-read';
import { enqueue } from '../media/record/outbox.ts';
import { type Check, failed, passed } from './check.ts';
import type { Lane, LaneReport } from './check-workers.ts';

const LOOK_EVERY_MS = 50;

/** Progress of a probe. Each step is observed separately, so that the first missing one names the broken link. */
interface Progress {
  published: boolean;
  stream_seq: number | undefined;
  answered: ReceivedResponse | undefined;
  arrived: boolean;
}

/** The doctor's findings about one lane. */
export interface RingProbe {
  check: Check;
  /** Undefined when no worker answered, or one of an older release did. */
  worker: LaneReport | undefined;
}

/** @returns undefined for a message that is not the answer to this probe */
const readAnswer = (data: Uint8Array, probeId: string): ReceivedResponse | undefined => {
  try {
    const { data: response } = receivedResponseSchema.safeParse(JSON.parse(Buffer.from(data).toString()));
    return response?.mediaId === probeId && response.stage === 'probe' ? response : undefined;
  } catch {
    return undefined;
  }
};

const brokenLink = async (bus: Bus, lane: Lane, subject: string, progress: Progress): Promise<Check> => {
  const name = `ring ${lane}`;
  const { subjects } = bus;
  if (!progress.published)
    return failed(
      name,
      `broken at the relay: the outbox is not published to ${subject}`,
      'start an api with the role background; check its log for refused publishes',
    );
  if (progress.answered !== undefined)
    return failed(
      name,
      `broken at the consumer: the worker answers on ${subjects.optimizeResponse}, and no api took the answer from it`,
      'start an api with the role background and the same SUBJECT_OPTIMIZE_RESPONSE',
    );
  const consumer = await bus.manager.consumers
    .info(bus.streams.media.name, CONSUMERS[lane])
    .catch(() => undefined);
  const read = consumer === undefined ? [] : subjectsRead(consumer.config);
  if (consumer === undefined || !read.includes(subject))
    return failed(
      name,
      `broken at the request subject: ${subject} is asked, the consumer ${CONSUMERS[lane]} reads ${read.join(', ') || 'nothing'}`,
      'give api and worker the same APP_NAME and SUBJECT_OPTIMIZE_REQUEST',
    );
  if ((progress.stream_seq ?? 0) > consumer.delivered.stream_seq)
    return failed(
      name,
      `broken at the worker's lane ${lane}: no worker took the request; ${consumer.num_pending} are waiting, ${consumer.num_ack_pending} in work`,
      `start a worker with the lane ${lane}; if one runs, it is behind: add replicas, or ask again with a longer --timeout`,
    );
  return failed(
    name,
    `broken at the response subject: a worker took the request, and no answer came on ${subjects.optimizeResponse}`,
    'give api and worker the same SUBJECT_OPTIMIZE_RESPONSE; read the log of the worker',
  );
};

/**
 * Sends a request that asks only for an answer, on the path of every request: outbox, relay, stream, worker, stream, api.
 * It touches no media object.
 */
export const probeRing = async (
  database: Database,
  bus: Bus,
  lane: Lane,
  timeoutMs: number,
): Promise<RingProbe> => {
  const { subjects } = bus;
  const subject = lane === 'media' ? subjects.optimizeRequest : subjects.transcodeRequest;
  // The relay would retry for ever.
  if ((await bus.streamOf(subject)) === undefined)
    return {
      check: failed(
        `ring ${lane}`,
        `broken at the request subject: no stream takes ${subject}`,
        'give every process the same APP_NAME and SUBJECT_… variables, and restart the api',
      ),
      worker: undefined,
    };
  const probeId = randomUUID();
  const progress: Progress = { published: false, stream_seq: undefined, answered: undefined, arrived: false };
  const stops = [
    bus.subscribe(subjects.optimizeResponse, (data) => {
      progress.answered ??= readAnswer(data, probeId);
    }),
    bus.subscribe(subjects.probeArrived(probeId), () => {
      progress.arrived = true;
    }),
  ];
  try {
    await bus.connection.flush();
    const began = performance.now();
    const sent = Date.now();
    const id = await sendProbe(database, subject, probeId);
    while (!progress.arrived && performance.now() - began < timeoutMs) {
      if (!progress.published) Object.assign(progress, await publication(database, id));
      await pause(LOOK_EVERY_MS);
    }
    const asked = { sent, received: Date.now() };
    const report = progress.answered?.worker;
    const worker = report && { lane, report, asked };
    if (!progress.published) await takeBack(database, id);
    if (!progress.arrived) return { check: await brokenLink(bus, lane, subject, progress), worker };
    const detail = `relay, ${subject}, worker, ${subjects.optimizeResponse}, api: ${Math.round(performance.now() - began)} ms`;
    return { check: passed(`ring ${lane}`, detail), worker };
  } finally {
    for (const stop of stops) stop();
  }
};

const sendProbe = async (database: Database, subject: string, probeId: string): Promise<string> => {
  const payload: OptimizeRequest = {
    mediaId: probeId,
    mediaUrl: `urn:uuid:${probeId}`,
    s3Bucket: 'probe',
    s3Key: `${probeId}/probe`,
    probe: true,
  };
  const [id] = await database.transaction((tx) => enqueue(tx, { subject, payload }));
  if (id === undefined) throw new Error('the probe was not written');
  return id;
};

const publication = async (
  database: Database,
  id: string,
): Promise<Pick<Progress, 'published' | 'stream_seq'>> => {
  const row = await database.client.outbox.findUnique({ where: { id } });
  return { published: row?.published_at != null, stream_seq: Number(row?.stream_seq ?? 0) };
};

/** Removes the request: a relay that starts later must not publish it. */
const takeBack = async (database: Database, id: string): Promise<void> => {
  await database.client.outbox.deleteMany({ where: { id, published_at: null } });
};
