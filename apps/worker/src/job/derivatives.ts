import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { OptimizeResponse } from '@claimcheck/contracts/broker-events';
import type { DerivedQuality, Format } from '@claimcheck/contracts/media';
import { derivativeKey } from '@claimcheck/contracts/object-keys';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { epochOf } from './epoch-of.ts';
import type { Job } from './job.ts';

export type Derivative = NonNullable<OptimizeResponse['processed']>[number];

const CONTENT_TYPES = {
  webp: 'image/webp',
  jpg: 'image/jpeg',
  mp4: 'video/mp4',
  m3u8: 'application/vnd.apple.mpegurl',
  m4a: 'audio/mp4',
} as const satisfies Record<Format, string>;

export interface NewDerivative {
  quality: DerivedQuality;
  format: Format;
  /** Pixels; a sound has none. */
  width?: number;
  height?: number;
  /** Bytes, or a file's path. */
  content: Uint8Array | string;
}

/** Stores a derivative under the job's prefix. @returns its entry for `processed` */
export const putDerivative = async (
  job: Job,
  storage: Storage,
  derivative: NewDerivative,
): Promise<Derivative> => {
  const { quality, format, width, height, content } = derivative;
  const key = derivativeKey(job.request.mediaId, epochOf(job.request), { quality, format });
  const size = typeof content === 'string' ? (await stat(content)).size : content.byteLength;
  job.failpoint('worker.before_put');
  const body = typeof content === 'string' ? createReadStream(content) : content;
  await storage.put(key, body, {
    size_bytes: size,
    content_type: CONTENT_TYPES[format],
    signal: job.signal,
  });
  return { quality, format, url: storage.urlOf(key), size, width, height };
};
