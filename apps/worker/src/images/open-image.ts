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
/** A JPEG is decoded at 1/2 to 1/8 of its size, so this many times the limit costs no more. */
const JPEG_ALLOWANCE = 5;
/** All frames of an animation below each other, as libvips counts them; they are read one after the other. */
const MAX_MOVING_PIXELS = 4_000_000_000;

export interface ImageInfo {
  /** As shown: after the EXIF orientation. Pixels. */
  width: number;
  height: number;
  /** More than 1 when it moves. */
  frames: number;
  /** Pixels that opening it may announce. */
  maxPixels: number;
  /** `warning`: this worker completed the file, so any complaint means that more than its end is missing. */
  failOn: 'error' | 'warning';
  /** HEIC of a phone: sharp reads its header, and has no decoder for the rest. */
  isHevc: boolean;
}

/** A picture, and what its header says. */
export interface ImageFile {
  /** Absolute path of what our decoders open: the source, or a copy in another format. */
  path: string;
  image: ImageInfo;
}

/** Returns a decoder of the file, upright. With `animated`, all frames. */
export const openImage = (
  path: string,
  options: { maxPixels: number; animated?: boolean; failOn?: ImageInfo['failOn'] },
): Sharp =>
  sharp(path, {
    limitInputPixels: options.animated === true ? MAX_MOVING_PIXELS : options.maxPixels,
    // Lenient with odd headers of cameras, strict with missing or broken picture data.
    failOn: options.failOn ?? 'error',
    animated: options.animated ?? false,
    sequentialRead: true,
  })
    .autoOrient()
    .timeout({ seconds: TIMEOUT_SECONDS });

/**
 * Reads the header only.
 * @param maxPixels of a decoded picture
 * @throws MediaFailure `unreadable`, `too_many_pixels`
 */
export const inspectImage = async (path: string, maxPixels: number): Promise<ImageInfo> => {
  const metadata = await decoded(() => sharp(path, { limitInputPixels: false }).metadata());
  const { width, height } = metadata.autoOrient;
  // A progressive one is held in memory as a whole before it is shrunk.
  const isShrunk = metadata.format === 'jpeg' && metadata.isProgressive !== true;
  const limit = isShrunk ? maxPixels * JPEG_ALLOWANCE : maxPixels;
  if (width * height > limit) throw new MediaFailure('too_many_pixels');
  const isHevc = metadata.compression === 'hevc';
  return { width, height, frames: framesOf(metadata), maxPixels: limit, failOn: 'error', isHevc };
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
    // libheif counts the tiles of a photo of 200 megapixels.
    if (/pixel limit|maximum number of (tiles|items)|number of 'il?[a-z]+' (items|entries)/i.test(detail))
      throw new MediaFailure('too_many_pixels', { detail });
    throw new MediaFailure('unreadable', { detail });
  }
};
