import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { makeThumbnail } from '../images/thumbnail.ts';
import type { InspectedImage, InspectedVideo } from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { makePoster } from './make-poster.ts';

export interface Preview {
  thumbnail: Derivative;
  /** Base64. */
  thumbhash: string;
}

/** Makes and stores what members see first. @throws MediaFailure when no picture can be decoded */
export const makePreview = async (
  job: Job,
  inspected: InspectedImage | InspectedVideo,
  tools: { storage: Storage; ffmpeg: Ffmpeg },
): Promise<Preview> => {
  if (inspected.kind === 'video') {
    const { poster, thumbhash } = await makePoster(job, inspected, tools.ffmpeg);
    return { thumbnail: await putDerivative(job, tools.storage, poster), thumbhash };
  }
  const { thumbnail, thumbhash } = await makeThumbnail(inspected);
  const { data, width, height } = thumbnail;
  return {
    thumbnail: await putDerivative(job, tools.storage, {
      quality: 'thumbnail',
      format: 'webp',
      width,
      height,
      content: data,
    }),
    thumbhash,
  };
};
