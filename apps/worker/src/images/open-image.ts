import sharp, { type Metadata, type Sharp } from 'sharp';
import { MediaFailure } from '../job/media-failure.ts';

// libvips guesses the loader from the content. A loader that is not named here never opens a file, SVG's and PDF's
// among them. https://sharp.pixelplumbing.com/api-utility#block
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
// Qualities of a picture are encoded in parallel, and so are pictures: more threads inside each would only
// take turns.
sharp.concurrency(1);
// Every file is read once; a cache would only occupy memory.
sharp.cache(false);

const TIMEOUT_SECONDS = 60;
/** A JPEG is decoded at 1/2 to 1/8 of its size, so this many times the limit costs no more. */
export const JPEG_ALLOWANCE = 5;
/** Limit of all frames of an animation below each other, as libvips counts them; they are read one after the other. */
const MAX_MOVING_PIXELS = 4_000_000_000;

export interface ImageInfo {
  /** As displayed: after the EXIF orientation. Pixels. */
  width: number;
  height: number;
  /** More than 1 for an animation. */
  frames: number;
  /** Largest number of pixels that its header may announce. */
  maxPixels: number;
  /** `warning`: this worker added the end, so any complaint means that more than the end is missing. */
  failOn: 'error' | 'warning';
  /** HEIC of a phone: sharp reads its header, and cannot decode the rest. */
  isHevc: boolean;
}

/** A picture and its header's data. */
export interface ImageFile {
  /** Absolute path of the file for our decoders: the source, or a copy in another format. */
  path: string;
  image: ImageInfo;
}

interface OpenOptions {
  maxPixels: number;
  failOn?: ImageInfo['failOn'];
  /** All frames, or some of them. */
  animated?: boolean | { first: number; count: number };
}

/** Returns a decoder of the file, upright. */
export const openImage = (
  path: string,
  { maxPixels, failOn = 'error', animated = false }: OpenOptions,
): Sharp =>
  sharp(path, {
    limitInputPixels: animated === false ? maxPixels : MAX_MOVING_PIXELS,
    // Tolerates odd headers of cameras, and refuses missing or broken picture data.
    failOn,
    ...(typeof animated === 'object' ? { page: animated.first, pages: animated.count } : { animated }),
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
  // A progressive JPEG is held in memory as a whole before it is reduced.
  const isShrunk = metadata.format === 'jpeg' && metadata.isProgressive !== true;
  const limit = isShrunk ? maxPixels * JPEG_ALLOWANCE : maxPixels;
  if (width * height > limit) throw new MediaFailure('too_many_pixels');
  const isHevc = metadata.compression === 'hevc';
  return { width, height, frames: framesOf(metadata), maxPixels: limit, failOn: 'error', isHevc };
};

const framesOf = ({ format, pages = 1, orientation = 1 }: Metadata): number => {
  // The pages of a TIFF or a HEIF are separate pictures, not an animation.
  const isAnimation = format === 'gif' || format === 'webp';
  // libvips has the frames below each other in one picture, and would rotate that: it refuses, or reverses the
  // animation. Such a file becomes a still, upright.
  return isAnimation && orientation <= 1 ? pages : 1;
};

/** Runs a decoder. @throws MediaFailure: sharp's errors about a hostile file are the file's fault */
export const decoded = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof MediaFailure) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    if (/timeout/i.test(detail)) throw new MediaFailure('processing_failed', { detail });
    // libheif counts the tiles of a photo of 200 megapixels.
    if (
      /pixel limit|security limit|maximum number of (tiles|items)|number of 'il?[a-z]+' (items|entries)/i.test(
        detail,
      )
    )
      throw new MediaFailure('too_many_pixels', { detail });
    throw new MediaFailure('unreadable', { detail });
  }
};
