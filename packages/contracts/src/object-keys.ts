/** The bucket's layout: each media object has a prefix, its id, and each attempt has a folder below it. */

/** Ends every source's key; bucket notifications filter by it. */
export const SOURCE_SUFFIX = '/source';

/** Prefix of everything of a media object. Ends in a slash. */
export const prefixOf = (mediaObjectId: string): string => `${mediaObjectId}/`;

export const sourceKey = (mediaObjectId: string): string => `${mediaObjectId}${SOURCE_SUFFIX}`;

/** Prefix of the bytes below a part's size that an upload stores temporarily. Ends in a slash. */
export const tailPrefix = (uploadId: string): string => `${prefixOf(uploadId)}tail/`;

/** @param end offset after the tail's last byte; with the fencing token it makes the key unique */
export const tailKey = (uploadId: string, end: number, fencingToken: number): string =>
  `${tailPrefix(uploadId)}${end}-${fencingToken}`;

/** Begins the keys of all epochs, and no other key. */
export const epochsPrefix = (mediaObjectId: string): string => `${prefixOf(mediaObjectId)}e`;

/** Prefix of everything that one processing attempt stores. Ends in a slash. */
export const epochPrefix = (mediaObjectId: string, epoch: number): string =>
  `${epochsPrefix(mediaObjectId)}${epoch}/`;

export const derivativeKey = (
  mediaObjectId: string,
  epoch: number,
  derivative: { quality: string; format: string },
): string => `${epochPrefix(mediaObjectId, epoch)}${derivative.quality}.${derivative.format}`;

export const hlsKey = (mediaObjectId: string, epoch: number, file: string): string =>
  `${epochPrefix(mediaObjectId, epoch)}hls/${file}`;

export interface ParsedKey {
  mediaObjectId: string;
  /** `other`: below the media object's prefix, but made by a third-party worker. */
  kind: 'prefix' | 'source' | 'tail' | 'epoch' | 'other';
  /** Set for keys and prefixes of kind `epoch`. */
  epoch?: number;
  /** The rest after the epoch's or the media object's prefix; empty for a prefix. */
  file: string;
}

const KEY = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/(.*)$/s;
const EPOCH = /^e(\d{1,10})\/(.*)$/s;

/** Reads a key or a prefix. @returns undefined for one that is not below the id of a media object */
export const parseKey = (key: string): ParsedKey | undefined => {
  const [, mediaObjectId, file = ''] = KEY.exec(key) ?? [];
  if (mediaObjectId === undefined) return undefined;
  if (file === '') return { mediaObjectId, kind: 'prefix', file };
  if (file === 'source') return { mediaObjectId, kind: 'source', file };
  if (file.startsWith('tail/')) return { mediaObjectId, kind: 'tail', file };
  const [, epoch, rest = ''] = EPOCH.exec(file) ?? [];
  if (epoch === undefined) return { mediaObjectId, kind: 'other', file };
  return { mediaObjectId, kind: 'epoch', epoch: Number(epoch), file: rest };
};

/**
 * Returns whether a worker may have stored a derivative under this key. A worker handles hostile bytes, so it may only
 * point below the prefix of its media object, never at the source, and never with `..` or encoded characters.
 */
export const isOwnKey = (key: string, mediaObjectId: string): boolean => {
  if (!key.startsWith(prefixOf(mediaObjectId)) || key === sourceKey(mediaObjectId)) return false;
  return /^[A-Za-z0-9/_.-]+$/.test(key) && !/(^|\/)\.{1,2}(\/|$)/.test(key);
};
