import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { type EncodedQualities, encodeQualities } from '../images/qualities.ts';
import type { InspectedImage } from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { moverOf } from './moving-picture.ts';

/** All qualities of a picture, in memory. */
export type EncodedImages = readonly EncodedQualities[];

/** Encodes all qualities in parallel. @throws MediaFailure */
export const encodeImages = async (
  job: Job,
  inspected: InspectedImage,
  ffmpeg: Ffmpeg,
): Promise<EncodedImages> => encodeQualities(inspected, await moverOf(job, inspected, ffmpeg));

/** Stores encoded qualities; qualities of one size share an object. */
export const putImages = async (
  job: Job,
  encoded: EncodedImages,
  storage: Storage,
): Promise<Derivative[]> => {
  const stored = await Promise.all(
    encoded.map(async ({ data, width, height, qualities }) => {
      const [quality = 'high', ...others] = qualities;
      const form = { quality, format: 'webp', width, height, content: data } as const;
      const made = await putDerivative(job, storage, form);
      return [made, ...others.map((other) => ({ ...made, quality: other }))];
    }),
  );
  return stored.flat();
};
