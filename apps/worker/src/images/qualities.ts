import sharp, { type Sharp } from 'sharp';
import { decoded, type ImageInfo, openImage } from './open-image.ts';
import type { EncodedImage } from './thumbnail.ts';

/** Longest edge in pixels; a smaller source keeps its size, and every quality exists. */
const QUALITY_EDGES = { high: 2_560, medium: 1_280, low: 640 } as const;
export type ImageQuality = keyof typeof QUALITY_EDGES;
export const IMAGE_QUALITIES = Object.keys(QUALITY_EDGES) as ImageQuality[];

const MAX_FRAMES = 500;
const QUALITY = 80;

/** Opens the source for all qualities; `encode` may be called for several at once. */
export interface QualityEncoder {
  encode(quality: ImageQuality): Promise<EncodedImage>;
}

/** @throws MediaFailure when the picture can't be decoded */
export const openQualities = async (
  path: string,
  info: ImageInfo,
  maxPixels: number,
): Promise<QualityEncoder> => {
  const isAnimated =
    info.frames > 1 && info.frames <= MAX_FRAMES && info.frames * info.width * info.height <= maxPixels;
  const open = isAnimated
    ? () => openImage(path, { maxPixels, animated: true })
    : await decodeOnce(path, info, maxPixels);
  return {
    encode: (quality) => decoded(() => encode(resizeWithin(open(), info, QUALITY_EDGES[quality]))),
  };
};

/** One decode for all qualities: to the largest of them, in memory; the others are made from these pixels. */
const decodeOnce = async (path: string, source: ImageInfo, maxPixels: number): Promise<() => Sharp> =>
  decoded(async () => {
    const { data, info } = await resizeWithin(openImage(path, { maxPixels }), source, QUALITY_EDGES.high)
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const pixels = sharp(data, { raw: { width, height, channels } });
    return () => pixels.clone();
  });

const encode = async (image: Sharp): Promise<EncodedImage> => {
  // sharp writes no metadata unless told to: no EXIF, no GPS, no profile; colours are converted to sRGB.
  const { data, info } = await image
    .toColourspace('srgb')
    .webp({ quality: QUALITY })
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.pageHeight ?? info.height };
};

/** The size is reckoned from the source, so that rounding twice doesn't bend the picture. */
const resizeWithin = (image: Sharp, source: ImageInfo, edge: number): Sharp => {
  const { width, height } = sizeWithin(source, edge);
  return image.resize(width, height, { fit: 'fill' });
};

/** @returns whole pixels, at least 1, never more than the source has */
export const sizeWithin = (
  { width, height }: Pick<ImageInfo, 'width' | 'height'>,
  edge: number,
): { width: number; height: number } => {
  const scale = Math.min(1, edge / Math.max(width, height));
  const shrink = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  return { width: shrink(width), height: shrink(height) };
};
