import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type OptimizeRequest, receivedResponseSchema } from '@claimcheck/contracts/broker-events';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/bus';
import { enqueue } from '../media/outbox.ts';
import type { Check } from './check.ts';

export const LANES = ['media', 'transcode'] as const;
export type Lane = (typeof LANES)[number];

const LOOK_EVERY_MS = 50;

/** How far a probe has come; each is seen by itself, so that the first that is missing names the link. */
interface Progress {
  published: boolean;
  stream_seq: number | undefined;
  answered: boolean;
  arrived: boolean;
}

const isAnswer = (data: Uint8Array, probeId: string): boolean => {
  try {
    const response = receivedResponseSchema.safeParse(JSON.parse(Buffer.from(data).toString()));
    return response.success && response.data.mediaId === probeId && response.data.stage === 'probe';
  } catch {
    return false;
  }
};

const brokenLink = async (bus: Bus, lane: Lane, subject: string, progress: Progress): Promise<Check> => {
  const name = `ring ${lane}`;
  const { subjects } = bus;
  if (!progress.published)
    return {
      name,
      ok: false,
      detail: `broken at the relay: the outbox is not published to ${subject}`,
      fix: 'start an api with the role background; look at its log for publishes that are refused',
    };
  if (progress.answered)
    return {
      name,
      ok: false,
      detail: `broken at the consumer: the worker answers on ${subjects.optimizeResponse}, and no api took the answer from it`,
      fix: 'start an api with the role background and the same SUBJECT_OPTIMIZE_RESPONSE',
    };
  const consumer = await bus.manager.consumers
    .info(bus.streams.media.name, CONSUMERS[lane])
    .catch(() => undefined);
  if (consumer === undefined || consumer.config.filter_subject !== subject)
    return {
      name,
      ok: false,
      detail: `broken at the request subject: ${subject} is asked, the consumer ${CONSUMERS[lane]} reads ${consumer?.config.filter_subject ?? 'nothing'}`,
      fix: 'give api and worker the same APP_NAME and SUBJECT_OPTIMIZE_REQUEST',
    };
  if ((progress.stream_seq ?? 0) > consumer.delivered.stream_seq)
    return {
      name,
      ok: false,
      detail: `broken at the worker's lane ${lane}: nobody took the request; ${consumer.num_pending} are waiting, ${consumer.num_ack_pending} in work`,
      fix: `start a worker with the lane ${lane}; if one runs, it is behind: add replicas, or ask again with a longer --timeout`,
    };
  return {
    name,
    ok: false,
    detail: `broken at the response subject: a worker took the request, and no answer came on ${subjects.optimizeResponse}`,
    fix: 'give api and worker the same SUBJECT_OPTIMIZE_RESPONSE; look at the log of the worker',
  };
};

/**
 * Sends a request that only asks for an answer the way of every request: outbox, relay, stream, worker,
 * stream, api. No media object is touched.
 */
export const probeRing = async (
  database: Database,
  bus: Bus,
  lane: Lane,
  timeoutMs: number,
): Promise<Check> => {
  const { subjects } = bus;
  const subject = lane === 'media' ? subjects.optimizeRequest : subjects.transcodeRequest;
  const probeId = randomUUID();
  const progress: Progress = { published: false, stream_seq: undefined, answered: false, arrived: false };
  const stops = [
    bus.subscribe(subjects.optimizeResponse, (data) => {
      progress.answered ||= isAnswer(data, probeId);
    }),
    bus.subscribe(subjects.probeArrived(probeId), () => {
      progress.arrived = true;
    }),
  ];
  try {
    await bus.connection.flush();
    const began = performance.now();
    const id = await sendProbe(database, subject, probeId);
    while (!progress.arrived && performance.now() - began < timeoutMs) {
      if (!progress.published) Object.assign(progress, await publication(database, id));
      await pause(LOOK_EVERY_MS);
    }
    if (!progress.arrived) return await brokenLink(bus, lane, subject, progress);
    const detail = `relay, ${subject}, worker, ${subjects.optimizeResponse}, api: ${Math.round(performance.now() - began)} ms`;
    return { name: `ring ${lane}`, ok: true, detail };
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
