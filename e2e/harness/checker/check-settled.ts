import { isSettled, isTombstone } from '@claimcheck/contracts/media';
import type { Aftermath } from './aftermath.ts';
import type { History } from './history.ts';
import type { Violation } from './violation.ts';

/** A: every acknowledged upload settles, and the stored bytes are the client's. */
export const checkSettled = (history: History, aftermath: Aftermath): Violation[] => {
  const media = new Map(aftermath.media.map((row) => [row.media_object_id, row]));
  const violation = (what: string): Violation => ({ invariant: 'A', what });
  return history.uploads.flatMap(({ media_object_id: id, sha256 }) => {
    const row = media.get(id);
    if (row === undefined) return [violation(`${id} was acknowledged, and there is no such media object`)];
    const found = isSettled(row.state) ? [] : [violation(`${id} has not settled: it is ${row.state}`)];
    if (isTombstone(row.state)) return found;
    const stored = aftermath.sources.get(id);
    if (stored === undefined) found.push(violation(`the bytes of ${id} are gone`));
    else if (stored !== sha256) found.push(violation(`the bytes of ${id} are not the client's`));
    return found;
  });
};
