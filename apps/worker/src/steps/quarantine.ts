import { json } from 'node:stream/consumers';
import { type OptimizeRequest, type VirusEvent, virusEventSchema } from '@claimcheck/contracts/broker-events';
import { epochPrefix, epochsPrefix, parseKey } from '@claimcheck/contracts/object-keys';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { epochOf } from '../job/epoch-of.ts';
import type { Job } from '../job/job.ts';

const MARKER = 'infected.json';
const prefixFor = (request: OptimizeRequest): string => epochPrefix(request.mediaId, epochOf(request));

export interface Infection {
  virusName: string;
  /** SHA-256 of the source. */
  sha256: string;
  scanner: string | undefined;
}

/**
 * Deletes the infected source and everything that this epoch has made from it.
 *
 * It writes the marker first. Otherwise, if the worker died between the deletion and the virus event, the next attempt would
 * find the source missing, and the verdict would be lost.
 */
export const quarantine = async (job: Job, storage: Storage, infection: Infection): Promise<VirusEvent> => {
  const { mediaId, s3Key, s3Bucket, mediaUrl } = job.request;
  const event: VirusEvent = {
    mediaId,
    s3Key,
    s3Bucket,
    mediaUrl,
    ...infection,
    detectedAt: new Date().toISOString(),
    actionTaken: 'deleted_from_object_store',
  };
  const prefix = prefixFor(job.request);
  const marker = `${prefix}${MARKER}`;
  const body = Buffer.from(JSON.stringify(event));
  await storage.put(marker, body, { size_bytes: body.length, content_type: 'application/json' });
  const keys = [s3Key];
  for await (const key of storage.list(prefix)) if (key !== marker) keys.push(key);
  await storage.delete(keys);
  return event;
};

/**
 * Returns the event of an earlier attempt, of any epoch, that wrote its marker; undefined without one. The source is the same
 * in all epochs, and a broker that lost its files has lost the event.
 */
export const findQuarantined = async (job: Job, storage: Storage): Promise<VirusEvent | undefined> => {
  const marker = await findMarker(storage, job.request.mediaId);
  if (marker === undefined) return undefined;
  try {
    const { body } = await storage.get(marker, { signal: job.signal });
    return virusEventSchema.parse(await json(body));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const findMarker = async (storage: Storage, mediaId: string): Promise<string | undefined> => {
  for await (const key of storage.list(epochsPrefix(mediaId))) if (parseKey(key)?.file === MARKER) return key;
  return undefined;
};
