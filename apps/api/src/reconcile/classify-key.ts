import { isTombstone, type MediaState } from '@claimcheck/contracts/media';
import { parseKey } from '@claimcheck/contracts/object-keys';
import type { KnownMedia } from './known-media.ts';

/** `needed`: a row knows it, or may soon · `orphan`: no row does · `foreign`: not a key that we make. */
export type KeyClass = 'needed' | 'orphan' | 'foreign';

const BUSY: readonly (MediaState | null)[] = ['pending', 'uploading', 'processing'];

/** The id that a key begins with; undefined for a key that is not ours. */
export const idOfKey = (key: string): string | undefined => {
  const parsed = parseKey(key);
  return parsed?.kind === 'prefix' ? undefined : parsed?.mediaObjectId;
};

/** @param known what rows say of the key's id; undefined when there is none */
export const classifyKey = (key: string, known: KnownMedia | undefined): KeyClass => {
  if (idOfKey(key) === undefined) return 'foreign';
  if (known === undefined) return 'orphan';
  const { state } = known;
  if (known.is_open || BUSY.includes(state)) return 'needed';
  if (state === null || isTombstone(state)) return 'orphan';
  if (key === known.source_key || known.expected.includes(key)) return 'needed';
  // All of an epoch that is shown, also what no row lists one by one, and of any that is still to come.
  const epoch = parseKey(key)?.epoch ?? Number.NaN;
  return epoch >= known.applied_epoch || known.shown_epochs.includes(epoch) ? 'needed' : 'orphan';
};
