import sharp, { type Sharp } from 'sharp';
import { decoded, type ImageInfo, openImage } from './open-image.ts';
import type { EncodedImage } from './thumbnail.ts';

/** Longest edge in pixels; a smaller source keeps its size, and every quality exists. */
export const QUALITY_EDGES = { high: 2_560, medium: 1_280, low: 640 } as const;
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
    : await decodeOnce(path, maxPixels);
  return {
    encode: (quality) => decoded(() => encode(open(), QUALITY_EDGES[quality])),
  };
};

/** One decode for all qualities: to the largest of them, in memory; the others are made from these pixels. */
const decodeOnce = async (path: string, maxPixels: number): Promise<() => Sharp> =>
  decoded(async () => {
    const { data, info } = await inside(openImage(path, { maxPixels }), QUALITY_EDGES.high)
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const pixels = sharp(data, { raw: { width, height, channels } });
    return () => pixels.clone();
  });

const encode = async (image: Sharp, edge: number): Promise<EncodedImage> => {
  // Without withMetadata() sharp writes none: no EXIF, no GPS, no profile; colours are converted to sRGB.
  const { data, info } = await inside(image, edge)
    .toColourspace('srgb')
    .webp({ quality: QUALITY })
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.pageHeight ?? info.height };
};

const inside = (image: Sharp, edge: number): Sharp =>
  image.resize(edge, edge, { fit: 'inside', withoutEnlargement: true });
