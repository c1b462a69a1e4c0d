import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '@claimcheck/database/database';

const LOOK_EVERY_MS = 50;

/**
 * Measures how long transactions in this database are open while `work` runs.
 * @returns the longest observed, in ms; it misses transactions between two observations
 */
export const longestTransaction = async (database: Database, work: () => Promise<void>): Promise<number> => {
  let isOver = false;
  let longest = 0;
  const watch = async () => {
    while (!isOver) {
      const [row] = await database.client.$queryRaw<{ ms: number | null }[]>`
        SELECT max(extract(epoch FROM clock_timestamp() - xact_start) * 1000)::float8 AS ms
        FROM pg_stat_activity
        WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`;
      longest = Math.max(longest, row?.ms ?? 0);
      await pause(LOOK_EVERY_MS);
    }
  };
  const watching = watch();
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
  }
  return Math.round(longest);
};
