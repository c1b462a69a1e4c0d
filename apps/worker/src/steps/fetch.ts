import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { ObjectBody, Storage } from '@claimcheck/platform/s3/storage';
import type { ClamdScan } from '../clamd/clamd-scan.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';

export interface Source {
  /** Absolute path of the copy in the job's folder. */
  path: string;
  /** Bytes. */
  size: number;
  /** Lower-case hexadecimal. */
  sha256: string;
}

export const SOURCE_FILE = 'source';
const STALL_MS = 30_000;
/**
 * Pauses between the checks of a missing source. The api requests only objects that it has seen, but a store may hide an
 * object for seconds while it assembles or replaces it.
 */
const HIDDEN_PAUSES_MS = [250, 500, 1_000, 2_000];

/**
 * Downloads the source once; hashes it and feeds the scanner on the way.
 * @throws MediaFailure `empty_file`, or `source_missing`: retryable, unless the worker must not read the bucket
 */
export const fetchSource = async (job: Job, storage: Storage, scan?: ClamdScan): Promise<Source> => {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new Error('the storage stopped sending')), STALL_MS);
  const signal = AbortSignal.any([job.signal, stall.signal]);
  const path = join(job.folder, SOURCE_FILE);
  const hash = createHash('sha256');
  const limit = job.request.sizeBytes ?? job.diskBytes;
  let size = 0;

  try {
    const { body } = await open(job, storage, signal);
    const tee = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        timer.refresh();
        hash.update(chunk);
        size += chunk.length;
        // A source is written once; a folder that grows without limit would block other jobs.
        if (size > limit) throw new Error('the source is larger than the request says');
        yield chunk;
        await scan?.write(chunk);
        // A scanner that delayed this, for seconds at most, is no sign of a slow storage.
        timer.refresh();
      }
    };
    await pipeline(body, tee, createWriteStream(path), { signal });
  } finally {
    clearTimeout(timer);
  }

  if (size === 0) throw new MediaFailure('empty_file');
  return { path, size, sha256: hash.digest('hex') };
};

const open = async (job: Job, storage: Storage, signal: AbortSignal): Promise<ObjectBody> => {
  const { s3Bucket, s3Key } = job.request;
  const bucket = storage.in(s3Bucket);
  if (bucket === undefined)
    throw new MediaFailure('source_missing', {
      detail: 'the request names a bucket that is neither S3_BUCKET nor in S3_BUCKETS_READABLE',
    });
  for (const pauseMs of [...HIDDEN_PAUSES_MS, undefined]) {
    try {
      return await bucket.get(s3Key, { signal });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    if (pauseMs !== undefined) await pause(pauseMs, undefined, { signal });
  }
  throw new MediaFailure('source_missing', { retryable: true });
};
