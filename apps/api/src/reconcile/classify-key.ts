import { isTombstone, type MediaState } from '@claimcheck/contracts/media';
import { parseKey } from '@claimcheck/contracts/object-keys';
import type { KnownMedia } from './known-media.ts';

/** `needed`: a row names it, or may soon · `orphan`: no row does · `foreign`: a key of another form than ours. */
export type KeyClass = 'needed' | 'orphan' | 'foreign';

const BUSY: readonly (MediaState | null)[] = ['pending', 'uploading', 'processing'];

/** Returns the id at the start of a key; undefined for a foreign key. */
export const idOfKey = (key: string): string | undefined => {
  const parsed = parseKey(key);
  return parsed?.kind === 'prefix' ? undefined : parsed?.mediaObjectId;
};

/** @param known the rows' data about the key's id; undefined when there is none */
export const classifyKey = (key: string, known: KnownMedia | undefined): KeyClass => {
  if (idOfKey(key) === undefined) return 'foreign';
  if (known === undefined) return 'orphan';
  const { state } = known;
  if (known.is_open || BUSY.includes(state)) return 'needed';
  if (state === null || isTombstone(state)) return 'orphan';
  if (key === known.source_key || known.expected.includes(key)) return 'needed';
  // All objects of an epoch that is shown, even those that no row lists, and of any later epoch.
  const epoch = parseKey(key)?.epoch ?? Number.NaN;
  return epoch >= known.applied_epoch || known.shown_epochs.includes(epoch) ? 'needed' : 'orphan';
};
