import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { encodeQualities } from '../images/qualities.ts';
import type { InspectedImage } from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { moverOf } from './moving-picture.ts';

/** Encodes and stores all qualities of a picture in parallel; qualities of one size share an object. */
export const deriveImages = async (
  job: Job,
  inspected: InspectedImage,
  tools: { storage: Storage; ffmpeg: Ffmpeg },
): Promise<Derivative[]> => {
  const encoded = await encodeQualities(inspected, await moverOf(job, inspected, tools.ffmpeg));
  const stored = await Promise.all(
    encoded.map(async ({ data, width, height, qualities }) => {
      const [quality = 'high', ...others] = qualities;
      const form = { quality, format: 'webp', width, height, content: data } as const;
      const made = await putDerivative(job, tools.storage, form);
      return [made, ...others.map((other) => ({ ...made, quality: other }))];
    }),
  );
  return stored.flat();
};
