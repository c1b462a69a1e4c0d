import { thumbHashToApproximateAspectRatio, thumbHashToDataURL } from 'thumbhash';

/** Shorter than this it has not even a header. */
const MIN_BYTES = 5;

/** A hash comes from a client or a worker: what can't be read is no hash. */
export const bytesOfThumbhash = (base64: string | undefined): Uint8Array | undefined => {
  if (base64 === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return bytes.length < MIN_BYTES ? undefined : bytes;
  } catch {
    return undefined;
  }
};

/** The blur that a base64 thumbhash stands for, as a data URL. */
export const blurUrl = (thumbhash: string | undefined): string | undefined => {
  const bytes = bytesOfThumbhash(thumbhash);
  return bytes && thumbHashToDataURL(bytes);
};

interface Shape {
  width?: number | undefined;
  height?: number | undefined;
  thumbhash?: string | undefined;
}

/** Width by height: exact where it is known, else about what the blur says, else `otherwise`. */
export const aspectRatio = ({ width, height, thumbhash }: Shape, otherwise: number): number => {
  if (width && height) return width / height;
  const bytes = bytesOfThumbhash(thumbhash);
  return bytes ? thumbHashToApproximateAspectRatio(bytes) : otherwise;
};
