import { isTombstone } from '@claimcheck/contracts/media';
import { prefixOf } from '@claimcheck/contracts/object-keys';
import { type ListedObject, Storage } from '@claimcheck/platform/s3/storage';
import type { Config } from '../config.ts';
import { describeError } from '../doctor/attempt.ts';
import type { Explained } from '../media/reports/explain-media.ts';

/** An object below the media object's prefix, or one that should exist. */
interface ShownObject {
  key: string;
  size_bytes: number | null;
  last_modified: Date | null;
  /** `unknown`: no row names it; it may belong to a running attempt. */
  is: 'source' | 'derivative' | 'unknown' | 'MISSING';
}

export interface MediaObjects {
  objects: ShownObject[];
  /** Why the objects could not be listed; the rest of the story is shown all the same. */
  objects_error?: string;
}

const isOfHls = (key: string, playlists: readonly string[]): boolean =>
  playlists.some((playlist) => key.startsWith(playlist.slice(0, playlist.lastIndexOf('/') + 1)));

const nameObjects = (found: readonly ListedObject[], { media, derivatives }: Explained): ShownObject[] => {
  const named = new Set(derivatives.map(({ object_storage_key }) => object_storage_key));
  const playlists = [...named].filter((key) => key.endsWith('.m3u8'));
  const roleOf = (key: string): ShownObject['is'] => {
    if (key === media.object_storage_key) return 'source';
    return named.has(key) || isOfHls(key, playlists) ? 'derivative' : 'unknown';
  };
  const keys = new Set(found.map(({ key }) => key));
  const isUploaded = media.upload_state === 'uploaded';
  const expected = isTombstone(media.state)
    ? []
    : [...(isUploaded ? [media.object_storage_key] : []), ...named];
  // Missing objects come first: a long film has thousands of segments.
  return [
    ...expected
      .filter((key) => !keys.has(key))
      .map((key) => ({ key, size_bytes: null, last_modified: null, is: 'MISSING' as const })),
    ...found.map((object) => ({ ...object, is: roleOf(object.key) })),
  ];
};

/** Lists a media object's keys in the bucket, next to those that its rows expect. Never throws. */
export const listMediaObjects = async (config: Config, explained: Explained): Promise<MediaObjects> => {
  const storage = new Storage(config.storage);
  try {
    const found: ListedObject[] = [];
    const prefix = prefixOf(explained.media.media_object_id);
    for await (const object of storage.listObjects(prefix)) found.push(object);
    return { objects: nameObjects(found, explained) };
  } catch (error) {
    return { objects: [], objects_error: describeError(error) };
  } finally {
    storage.close();
  }
};
