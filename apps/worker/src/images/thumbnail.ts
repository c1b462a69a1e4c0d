import sharp, { type Sharp } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { decoded, type ImageFile, openImage } from './open-image.ts';

/** Longest edge of a thumbnail, and of a video's poster. Pixels. */
export const THUMBNAIL_EDGE = 320;
const THUMBHASH_EDGE = 100;
const QUALITY = 75;
/** Half the time of the default for 2 to 4 % more bytes. */
export const WEBP_EFFORT = 2;

export interface EncodedImage {
  data: Uint8Array;
  width: number;
  height: number;
}

/** Makes a still, upright webp in sRGB without metadata, never enlarged, and its thumbhash in base64. */
export const makeThumbnail = async ({
  path,
  image,
}: ImageFile): Promise<{ thumbnail: EncodedImage; thumbhash: string }> =>
  decoded(async () => {
    // Decoded once, at a fraction of the size if the format allows that; both results come from these pixels.
    const { data, info } = await openImage(path, image)
      .resize(THUMBNAIL_EDGE, THUMBNAIL_EDGE, { fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels = () => sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } });
    const [thumbnail, thumbhash] = await Promise.all([
      pixels().webp({ quality: QUALITY, effort: WEBP_EFFORT }).toBuffer(),
      hash(pixels()),
    ]);
    return { thumbnail: { data: thumbnail, width: info.width, height: info.height }, thumbhash };
  });

/** Returns the thumbhash of a picture that this worker made, in base64. */
export const thumbhashOf = (path: string): Promise<string> =>
  decoded(() => hash(openImage(path, { maxPixels: THUMBNAIL_EDGE * THUMBNAIL_EDGE })));

const hash = async (pixels: Sharp): Promise<string> => {
  const { data, info } = await pixels
    .resize(THUMBHASH_EDGE, THUMBHASH_EDGE, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
};
