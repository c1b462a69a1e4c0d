import type { Database } from '@claimcheck/database/database';
import { type StoredClass, sumDerivativeBytes, sumUploadedBytes } from '../../media/reports/stored-bytes.ts';
import { FIRST, type SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  set: (kind: StoredClass, bytes: number) => void;
  everyMs?: number;
  /** Number of media objects that one statement reads. */
  pageSize?: number;
}

const EVERY_MS = 300_000;
const PAGE_SIZE = 2_000;

/**
 * Records sums over everything that is stored, periodically, because they take too long for a scrape. The next run
 * continues where an interrupted one stopped.
 */
export const recordStoredBytes = ({
  database,
  set,
  everyMs = EVERY_MS,
  pageSize = PAGE_SIZE,
}: Options): SweepTask => {
  let nextAt = 0;
  let counted = { bytes: 0, after: FIRST };
  return {
    name: 'recordStoredBytes',
    outcomes: [],
    run: async (pass) => {
      if (pass.now.getTime() < nextAt) return;
      while (!pass.isOver()) {
        const { bytes, next } = await sumDerivativeBytes(database, counted.after, pageSize);
        const sum = counted.bytes + bytes;
        if (next !== undefined) {
          counted = { bytes: sum, after: next };
          continue;
        }
        counted = { bytes: 0, after: FIRST };
        set('derivative', sum);
        const { source, unfinished } = await sumUploadedBytes(database);
        set('source', source);
        set('unfinished', unfinished);
        nextAt = pass.now.getTime() + everyMs;
        return;
      }
    },
  };
};
