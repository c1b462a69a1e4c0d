import { thumbHashToApproximateAspectRatio, thumbHashToDataURL } from 'thumbhash';

/** Length of the header; a shorter value is no thumbhash. */
const MIN_BYTES = 5;

/** Parses a hash from a client or a worker. One that cannot be read counts as absent. */
export const bytesOfThumbhash = (base64: string | undefined): Uint8Array | undefined => {
  if (base64 === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return bytes.length < MIN_BYTES ? undefined : bytes;
  } catch {
    return undefined;
  }
};

/** Returns the blur of a base64 thumbhash as a data URL. */
export const blurUrl = (thumbhash: string | undefined): string | undefined => {
  const bytes = bytesOfThumbhash(thumbhash);
  return bytes && thumbHashToDataURL(bytes);
};

interface Shape {
  width?: number | undefined;
  height?: number | undefined;
  thumbhash?: string | undefined;
}

/** Returns width divided by height: exact if known, else roughly from the blur, else `otherwise`. */
export const aspectRatio = ({ width, height, thumbhash }: Shape, otherwise: number): number => {
  if (width && height) return width / height;
  const bytes = bytesOfThumbhash(thumbhash);
  return bytes ? thumbHashToApproximateAspectRatio(bytes) : otherwise;
};
