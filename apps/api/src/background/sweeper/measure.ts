import type { Database } from '@claimcheck/database/database';
import { sumStoredBytes } from '../../media/stored-bytes.ts';
import type { Duty } from './duty.ts';

interface Options {
  database: Database;
  set: (kind: 'source' | 'derivative', bytes: number) => void;
  everyMs?: number;
}

const EVERY_MS = 300_000;

/** Sums over everything that is stored: too long for a scrape, so asked for now and then. */
export const measure = ({ database, set, everyMs = EVERY_MS }: Options): Duty => {
  let nextAt = 0;
  return {
    name: 'measure',
    decisions: [],
    run: async (pass) => {
      if (pass.now.getTime() < nextAt) return;
      nextAt = pass.now.getTime() + everyMs;
      const { source, derivative } = await sumStoredBytes(database);
      set('source', source);
      set('derivative', derivative);
    },
  };
};
