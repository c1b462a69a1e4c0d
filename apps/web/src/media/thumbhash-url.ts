import { thumbHashToDataURL } from 'thumbhash';

/** Shorter than this it has not even a header. */
const MIN_BYTES = 5;

/** A hash comes from a client or a worker: what can't be read is no hash. */
export const bytesOfBase64 = (base64: string | undefined): Uint8Array | undefined => {
  if (base64 === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return bytes.length < MIN_BYTES ? undefined : bytes;
  } catch {
    return undefined;
  }
};

/** The blurred picture that a base64 thumbhash stands for, as a data URL. */
export const thumbhashUrl = (thumbhash: string | undefined): string | undefined => {
  const bytes = bytesOfBase64(thumbhash);
  return bytes && thumbHashToDataURL(bytes);
};
