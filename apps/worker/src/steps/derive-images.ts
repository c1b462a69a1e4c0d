import type { Storage } from '@claimcheck/platform/s3/storage';
import { IMAGE_QUALITIES, openQualities } from '../images/qualities.ts';
import type { InspectedImage } from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';

/** All qualities of a picture, encoded and stored side by side. */
export const deriveImages = async (
  job: Job,
  inspected: InspectedImage,
  tools: { storage: Storage; maxPixels: number },
): Promise<Derivative[]> => {
  const encoder = await openQualities(inspected.path, inspected.image, tools.maxPixels);
  return Promise.all(
    IMAGE_QUALITIES.map(async (quality) => {
      const { data, width, height } = await encoder.encode(quality);
      return putDerivative(job, tools.storage, { quality, format: 'webp', width, height, content: data });
    }),
  );
};
