import type { Database } from '@claimcheck/database/database';
import { countDerivatives, type StoredClass, sumUploadedBytes } from '../../media/reports/stored-bytes.ts';
import type { SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  set: (kind: StoredClass, bytes: number, at: Date) => void;
  everyMs?: number;
  /** Number of media objects that one statement reads. */
  pageSize?: number;
}

const EVERY_MS = 300_000;
const PAGE_SIZE = 2_000;

/**
 * Records sums over everything that is stored, periodically, because they take too long for a scrape. All processes share
 * the count of derivatives: each page is counted by one of them, and every one shows the result.
 */
export const recordStoredBytes = ({
  database,
  set,
  everyMs = EVERY_MS,
  pageSize = PAGE_SIZE,
}: Options): SweepTask => {
  /** Until then, what is shown is the latest count. */
  let nextAt = new Date(0);
  return {
    name: 'recordStoredBytes',
    outcomes: [],
    run: async (pass) => {
      const { now } = pass;
      if (now < nextAt) return;
      while (!pass.isOver()) {
        const count = await countDerivatives(database, { now, limit: pageSize, everyMs });
        if (count?.isUnfinished) continue;
        if (count?.bytes === undefined || count.finishedAt === undefined) return;
        nextAt = count.nextAt;
        set('derivative', count.bytes, count.finishedAt);
        const { source, unfinished } = await sumUploadedBytes(database);
        set('source', source, now);
        set('unfinished', unfinished, now);
        return;
      }
    },
  };
};
