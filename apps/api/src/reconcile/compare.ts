import type { ListedObject } from '@claimcheck/platform/s3/storage';
import { classifyKey, idOfKey } from './classify-key.ts';
import type { KnownMedia } from './known-media.ts';

export type Finding =
  /** An object that no row names. */
  | { finding: 'orphan'; key: string; size_bytes: number; last_modified: Date }
  /** Foreign objects: left alone. */
  | { finding: 'foreign'; key: string }
  /** An object that a row names and the bucket lacks. */
  | { finding: 'missing'; key: string; media_object_id: string; is_referenced: boolean }
  | { finding: 'needed'; key: string };

const missingOf = (known: KnownMedia, seen: ReadonlySet<string>): Finding[] =>
  known.expected
    .filter((key) => !seen.has(key))
    .map((key) => ({
      finding: 'missing',
      key,
      media_object_id: known.id,
      is_referenced: known.is_referenced,
    }));

/**
 * Walks through the bucket and the rows side by side, both in the order of their ids. Memory holds one object and one row,
 * however many there are.
 *
 * @throws when the storage lists keys in another order
 */
export async function* compare(
  objects: AsyncIterable<ListedObject>,
  media: AsyncIterator<KnownMedia>,
): AsyncGenerator<Finding> {
  const nextMedia = async (): Promise<KnownMedia | undefined> => {
    const { done, value } = await media.next();
    return done === true ? undefined : value;
  };
  let known = await nextMedia();
  let seen = new Set<string>();
  let lastId = '';
  for await (const { key, size_bytes, last_modified } of objects) {
    const id = idOfKey(key);
    if (id === undefined) {
      yield { finding: 'foreign', key };
      continue;
    }
    if (id < lastId) throw new Error(`the storage does not list keys in order: ${key} after ${lastId}/…`);
    lastId = id;
    while (known !== undefined && known.id < id) {
      yield* missingOf(known, seen);
      known = await nextMedia();
      seen = new Set();
    }
    const here = known?.id === id ? known : undefined;
    if (here?.expected.includes(key) === true) seen.add(key);
    if (classifyKey(key, here) === 'orphan') yield { finding: 'orphan', key, size_bytes, last_modified };
    else yield { finding: 'needed', key };
  }
  while (known !== undefined) {
    yield* missingOf(known, seen);
    known = await nextMedia();
    seen = new Set();
  }
}
