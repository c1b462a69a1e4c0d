import sharp, { type Metadata, type Sharp } from 'sharp';
import { MediaFailure } from '../job/media-failure.ts';

// libvips guesses the loader from the content; whatever is not named here is never opened, SVG and PDF among
// them. https://sharp.pixelplumbing.com/api-utility#block
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadNsgif',
    'VipsForeignLoadHeif',
    'VipsForeignLoadTiff',
  ],
});
// The qualities of a picture are encoded side by side, and pictures, too: more threads inside each would only
// take turns.
sharp.concurrency(1);
// Every file is read once; a cache would only hold memory.
sharp.cache(false);

const TIMEOUT_SECONDS = 60;

export interface ImageInfo {
  /** As shown: after the EXIF orientation. Pixels. */
  width: number;
  height: number;
  /** More than 1 when it moves. */
  frames: number;
  /** HEIC of a phone: sharp reads its header, and has no decoder for the rest. */
  isHevc: boolean;
}

/** A decoder of the file, upright. With `animated`, all frames. */
export const openImage = (path: string, options: { maxPixels: number; animated?: boolean }): Sharp =>
  sharp(path, {
    limitInputPixels: options.maxPixels,
    // Lenient with odd headers of cameras, strict with missing or broken picture data.
    failOn: 'error',
    animated: options.animated ?? false,
    sequentialRead: true,
  })
    .autoOrient()
    .timeout({ seconds: TIMEOUT_SECONDS });

/**
 * Reads the header only.
 * @throws MediaFailure `unreadable`, `too_many_pixels`
 */
export const inspectImage = async (path: string, maxPixels: number): Promise<ImageInfo> => {
  const metadata = await decoded(() => sharp(path, { limitInputPixels: false }).metadata());
  const { width, height } = metadata.autoOrient;
  if (width * height > maxPixels) throw new MediaFailure('too_many_pixels');
  return { width, height, frames: framesOf(metadata), isHevc: metadata.compression === 'hevc' };
};

const framesOf = ({ format, pages = 1, orientation = 1 }: Metadata): number => {
  // The pages of a TIFF or a HEIF are pictures of their own, not an animation.
  const isAnimation = format === 'gif' || format === 'webp';
  // libvips has the frames below each other in one picture, and would turn that: it refuses, or plays it
  // backwards. Such a file stays a still, upright.
  return isAnimation && orientation <= 1 ? pages : 1;
};

/** Runs a decoder. @throws MediaFailure: what sharp says of a hostile file is the file's fault. */
export const decoded = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof MediaFailure) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    if (/timeout/i.test(detail)) throw new MediaFailure('processing_failed', { detail });
    if (/pixel limit/i.test(detail)) throw new MediaFailure('too_many_pixels', { detail });
    throw new MediaFailure('unreadable', { detail });
  }
};
