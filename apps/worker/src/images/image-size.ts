/** Pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/** Longest edge that WebP allows. */
const MAX_EDGE = 16_383;
/** Ratio of the edges above which the longest edge says nothing about readability. */
const ELONGATED_FROM = 2.5;

/** Returns whether a picture is a long screenshot or a panorama. */
export const isElongated = ({ width, height }: ImageSize): boolean =>
  Math.max(width, height) > ELONGATED_FROM * Math.min(width, height);

/** Returns whole pixels, at least 1, never more than the source has. @param edge longest edge */
export const sizeWithin = (size: ImageSize, edge: number): ImageSize =>
  scaled(size, edge / Math.max(size.width, size.height));

/** Does the same as {@link sizeWithin}, by the shortest edge. */
export const sizeWithinShort = (size: ImageSize, edge: number): ImageSize =>
  scaled(
    size,
    Math.min(edge / Math.min(size.width, size.height), MAX_EDGE / Math.max(size.width, size.height)),
  );

const scaled = ({ width, height }: ImageSize, factor: number): ImageSize => {
  const scale = Math.min(1, factor);
  const shrink = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  return { width: shrink(width), height: shrink(height) };
};
