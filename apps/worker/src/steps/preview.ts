import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { inspectImage } from '../images/open-image.ts';
import { type EncodedImage, makeThumbnail } from '../images/thumbnail.ts';
import type { InspectedAudio, Inspection } from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import type { ResponseFields } from '../job/responses.ts';
import type { Pdf } from '../pdf/pdf.ts';
import { SOURCE_FILE } from './fetch.ts';
import { makePoster } from './make-poster.ts';
import { makeCover, readWaveform } from './sound.ts';

export interface Preview extends Pick<ResponseFields, 'thumbhash' | 'waveform' | 'pageCount'> {
  thumbnail: Derivative | undefined;
}

export interface PreviewTools {
  storage: Storage;
  ffmpeg: Ffmpeg;
  pdf: Pdf;
  maxPixels: number;
}

/**
 * Makes and stores a file's preview, which members see first.
 * @throws MediaFailure when no picture of an image or a video can be decoded
 */
export const makePreview = async (job: Job, inspected: Inspection, tools: PreviewTools): Promise<Preview> => {
  const { storage, ffmpeg } = tools;
  if (inspected.kind === 'video') {
    const { poster, thumbhash } = await makePoster(job, inspected, ffmpeg);
    return { thumbnail: await putDerivative(job, storage, poster), thumbhash };
  }
  if (inspected.kind === 'image') return putPicture(job, storage, await makeThumbnail(inspected));
  if (inspected.kind === 'audio') return previewSound(job, inspected, tools);
  if (inspected.contentType === 'application/pdf') return previewPdf(job, tools);
  return { thumbnail: undefined };
};

const putPicture = async (
  job: Job,
  storage: Storage,
  { thumbnail, thumbhash }: { thumbnail: EncodedImage; thumbhash: string },
): Promise<Preview> => {
  const { data, width, height } = thumbnail;
  const form = { quality: 'thumbnail', format: 'webp', width, height, content: data } as const;
  return { thumbnail: await putDerivative(job, storage, form), thumbhash };
};

const previewSound = async (job: Job, sound: InspectedAudio, tools: PreviewTools): Promise<Preview> => {
  const waveform = await readWaveform(job, sound, tools.ffmpeg);
  const cover = await makeCover(job, sound, tools);
  const picture: Preview =
    cover === undefined ? { thumbnail: undefined } : await putPicture(job, tools.storage, cover);
  return { ...picture, ...(waveform === undefined ? {} : { waveform }) };
};

/** A document without a picture is still a document, so this step never fails it. */
const previewPdf = async (job: Job, { storage, pdf, maxPixels }: PreviewTools): Promise<Preview> => {
  const { folder, signal, diskBytes: maxFileBytes } = job;
  const call = { folder, file: SOURCE_FILE, signal, maxFileBytes };
  const pageCount = await pdf.countPages(call);
  const pages = pageCount === undefined ? {} : { pageCount };
  const path = await pdf.drawFirstPage(call);
  if (path === undefined) return { thumbnail: undefined, ...pages };
  try {
    const drawn = await makeThumbnail({ path, image: await inspectImage(path, maxPixels) });
    return { ...(await putPicture(job, storage, drawn)), ...pages };
  } catch (error) {
    if (!(error instanceof MediaFailure)) throw error;
    return { thumbnail: undefined, ...pages };
  }
};
