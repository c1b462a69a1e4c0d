import sharp, { type Sharp } from 'sharp';
import { type ImageSize, isElongated, sizeWithin, sizeWithinShort } from './image-size.ts';
import { decoded, type ImageFile, openImage } from './open-image.ts';
import { type EncodedImage, WEBP_EFFORT } from './thumbnail.ts';

/**
 * Longest edge in pixels; for a picture much longer than wide, the shortest edge. A smaller source keeps its size, and every
 * quality exists.
 */
const QUALITY_EDGES = {
  high: { longest: 2_560, short: 1_080 },
  medium: { longest: 1_280, short: 720 },
  low: { longest: 640, short: 360 },
} as const;
export type ImageQuality = keyof typeof QUALITY_EDGES;
const IMAGE_QUALITIES = Object.keys(QUALITY_EDGES) as ImageQuality[];

const QUALITY = 80;
/** Tried one after the other while the result is larger than its source. */
const SMALLER = [
  { quality: 60, effort: 4 },
  { quality: 40, effort: 4 },
] as const;
/** Bytes per pixel of a lossless file, below which it is probably a screenshot or a drawing. */
const FLAT_BYTES_PER_PIXEL = 0.7;
/** Encoding a flat picture well takes several times its memory: larger ones are encoded as photos. */
const MAX_FLAT_PIXELS = 2_000_000;

const MAX_FRAMES = 500;
/** Frames times pixels of an animated derivative. */
const MAX_MOVING_PIXELS = 40_000_000;
/** An animated derivative gets fewer frames rather than a shorter longest edge than this. */
const SMALLEST_MOVING_EDGE = 240;

/** A picture that serves one or more qualities of the same size. */
export interface EncodedQualities extends EncodedImage {
  qualities: ImageQuality[];
}

export interface QualitySource extends ImageFile {
  /** Size of the uploaded file. Bytes. */
  sourceBytes: number;
  /** Whether its pixels were stored losslessly, as in screenshots and drawings. */
  isLossless: boolean;
}

/** Returns the size of a quality. */
export const qualitySize = (size: ImageSize, quality: ImageQuality): ImageSize => {
  const { longest, short } = QUALITY_EDGES[quality];
  return isElongated(size) ? sizeWithinShort(size, short) : sizeWithin(size, longest);
};

/** Encodes an animation at any size. */
export interface Mover {
  /** Largest number of frames that it may write. */
  maxFrames: number;
  encode(size: ImageSize, quality: number): Promise<EncodedImage>;
}

/**
 * Encodes every quality in parallel; qualities of equal size once.
 * @param mover for an animation that sharp cannot keep animated
 * @throws MediaFailure
 */
export const encodeQualities = async (source: QualitySource, mover?: Mover): Promise<EncodedQualities[]> => {
  const moves = mover ?? (isMovable(source.image) ? sharpMover(source) : undefined);
  if (moves !== undefined) {
    const moving = groupBySize(source.image, (size) => movingSize(size, moves.maxFrames));
    return encodeEach(moving, (size) => encodeMoving(source, size, moves));
  }
  const groups = groupBySize(source.image);
  const largest = groups[0]?.size ?? source.image;
  const open = await decodeOnce(source, largest);
  return encodeEach(groups, (size) => encodeStill(source, size, open));
};

/** Returns whether sharp keeps every frame of the animation. */
export const isMovable = ({ frames, width, height }: ImageFile['image']): boolean => {
  if (frames <= 1 || frames > MAX_FRAMES) return false;
  const asked = qualitySize({ width, height }, 'high');
  const size = largestMoving({ width, height, frames });
  return size.width === asked.width || longestEdge(size) > SMALLEST_MOVING_EDGE;
};

/** Returns whether an animation has more frames than are kept. */
export const hasTooManyFrames = ({ frames }: { frames: number }): boolean => frames > MAX_FRAMES;

/** Returns the largest size at which frames of an animation are kept. */
export const largestMoving = (image: ImageSize & { frames: number }): ImageSize =>
  movingSize(qualitySize(image, 'high'), image.frames);

/** Returns how many of the frames an animation of this size may have. */
export const framesWithin = ({ width, height }: ImageSize, frames: number): number =>
  Math.max(1, Math.min(frames, MAX_FRAMES, Math.floor(MAX_MOVING_PIXELS / (width * height))));

type Group = { size: ImageSize; qualities: ImageQuality[] };

const groupBySize = (image: ImageSize, adapt = (size: ImageSize): ImageSize => size): Group[] => {
  const groups: Group[] = [];
  for (const quality of IMAGE_QUALITIES) {
    const size = adapt(qualitySize(image, quality));
    const same = groups.find((group) => group.size.width === size.width && group.size.height === size.height);
    if (same === undefined) groups.push({ size, qualities: [quality] });
    else same.qualities.push(quality);
  }
  return groups;
};

const encodeEach = (
  groups: readonly Group[],
  encode: (size: ImageSize) => Promise<EncodedImage>,
): Promise<EncodedQualities[]> =>
  Promise.all(
    groups.map(async ({ size, qualities }) => ({ ...(await decoded(() => encode(size))), qualities })),
  );

/** Decodes once for all qualities: to the largest of them, in memory; the others are made from these pixels. */
const decodeOnce = ({ path, image }: ImageFile, largest: ImageSize): Promise<() => Sharp> =>
  decoded(async () => {
    const { data, info } = await openImage(path, image)
      .resize(largest.width, largest.height, { fit: 'fill' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    // No `clone()`: it copies the pixels.
    return () => sharp(data, { raw: { width, height, channels } });
  });

const isFlat = ({ isLossless, sourceBytes, image }: QualitySource, { width, height }: ImageSize): boolean =>
  isLossless &&
  sourceBytes / (image.width * image.height) < FLAT_BYTES_PER_PIXEL &&
  width * height <= MAX_FLAT_PIXELS;

const encodeStill = async (
  source: QualitySource,
  size: ImageSize,
  open: () => Sharp,
): Promise<EncodedImage> => {
  const encode = (options: WebpOptions) =>
    webp(open().resize(size.width, size.height, { fit: 'fill' }), options);
  if (!isFlat(source, size)) return withinSource(source, encode, await encode({ quality: QUALITY }));
  // Red text on black keeps its colour only losslessly, or with colours at full resolution.
  const lossy = await encode({ quality: QUALITY, smartSubsample: true });
  const exact = await encode({ nearLossless: true });
  return withinSource(source, encode, exact.data.length <= lossy.data.length ? exact : lossy);
};

type WebpOptions = NonNullable<Parameters<Sharp['webp']>[0]>;

/** Returns `made`, or a smaller encoding if it is larger than its source. */
const withinSource = async (
  { sourceBytes }: QualitySource,
  encode: (options: WebpOptions) => Promise<EncodedImage>,
  made: EncodedImage,
): Promise<EncodedImage> => {
  let smallest = made;
  for (const options of SMALLER) {
    if (smallest.data.length <= sourceBytes) break;
    const next = await encode(options);
    if (next.data.length < smallest.data.length) smallest = next;
  }
  return smallest;
};

const webp = async (image: Sharp, options: WebpOptions): Promise<EncodedImage> => {
  // sharp writes no metadata unless asked: no EXIF, no GPS, no profile; colours are converted to sRGB.
  const { data, info } = await image
    .toColourspace('srgb')
    .webp({ effort: WEBP_EFFORT, ...options })
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.pageHeight ?? info.height };
};

const longestEdge = ({ width, height }: ImageSize): number => Math.max(width, height);

/** Returns the size at which all frames stay within the budget, down to the smallest edge. */
const movingSize = (size: ImageSize, frames: number): ImageSize => {
  const scale = Math.sqrt(MAX_MOVING_PIXELS / (Math.min(frames, MAX_FRAMES) * size.width * size.height));
  if (scale >= 1 || longestEdge(size) <= SMALLEST_MOVING_EDGE) return size;
  return sizeWithin(size, Math.max(SMALLEST_MOVING_EDGE, Math.floor(longestEdge(size) * scale)));
};

const sharpMover = ({ path, image }: ImageFile): Mover => ({
  maxFrames: image.frames,
  encode: ({ width, height }, quality) =>
    webp(openImage(path, { ...image, animated: true }).resize(width, height, { fit: 'fill' }), { quality }),
});

const encodeMoving = async (
  { sourceBytes }: QualitySource,
  asked: ImageSize,
  { encode }: Mover,
): Promise<EncodedImage> => {
  let size = asked;
  let smallest = await encode(size, QUALITY);
  // A photo-like GIF becomes larger as WebP; fewer pixels are less visible than more loss.
  for (const quality of [60, 50]) {
    const excess = smallest.data.length / sourceBytes;
    if (excess <= 1 || longestEdge(size) <= SMALLEST_MOVING_EDGE) break;
    const edge = Math.round(longestEdge(size) * Math.sqrt(0.85 / excess));
    size = sizeWithin(size, Math.max(SMALLEST_MOVING_EDGE, edge));
    smallest = await encode(size, quality);
  }
  return smallest;
};
