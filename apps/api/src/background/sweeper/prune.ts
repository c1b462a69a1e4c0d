import type { Database } from '@claimcheck/database/database';
import { pruneMediaTombstones } from '../../media/removal/prune-media-tombstones.ts';
import {
  pruneAppliedResults,
  pruneEvents,
  pruneHeartbeats,
  pruneIdempotencyKeys,
  pruneMediaSessions,
  pruneMessageTombstones,
  pruneOutbox,
  prunePartialUploads,
} from '../../media/removal/prune-tables.ts';
import type { SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  eventRetentionMs: number;
  tombstoneRetentionMs: number;
  readyDeadlineMaxMs: number;
}

const BATCH = 5_000;
/** Senders into these conversations wait for the statement. */
const EVENT_BATCH = 200;
/** Each brings its names, derivatives and session along. */
const TOMBSTONE_BATCH = 500;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The broker keeps answers of workers for no longer. */
const WEEK_MS = 7 * DAY_MS;

/** Rows that are no longer read. */
export const prune = (options: Options): SweepTask => {
  const { database, eventRetentionMs, tombstoneRetentionMs, readyDeadlineMaxMs } = options;
  const books = [
    // Kept for as long as the sweeper may ask whether a request still waits.
    { decision: 'outbox', prune: pruneOutbox, keepMs: HOUR_MS + readyDeadlineMaxMs },
    { decision: 'events', prune: pruneEvents, keepMs: eventRetentionMs, batch: EVENT_BATCH },
    { decision: 'idempotency_keys', prune: pruneIdempotencyKeys, keepMs: DAY_MS },
    { decision: 'media_sessions', prune: pruneMediaSessions, keepMs: HOUR_MS },
    { decision: 'heartbeats', prune: pruneHeartbeats, keepMs: DAY_MS },
    { decision: 'applied_results', prune: pruneAppliedResults, keepMs: WEEK_MS + readyDeadlineMaxMs },
    { decision: 'partial_uploads', prune: prunePartialUploads, keepMs: WEEK_MS },
    { decision: 'message_tombstones', prune: pruneMessageTombstones, keepMs: tombstoneRetentionMs },
    {
      decision: 'media_tombstones',
      prune: pruneMediaTombstones,
      keepMs: tombstoneRetentionMs,
      batch: TOMBSTONE_BATCH,
    },
  ];
  return {
    name: 'prune',
    outcomes: books.map(({ decision }) => decision),
    run: async (pass) => {
      for (const book of books) {
        const cutoff = new Date(pass.now.getTime() - book.keepMs);
        const { batch = BATCH } = book;
        // A batch that is not full ends nothing: it leaves out rows of conversations that are being written just then.
        for (let pruned = 1; pruned > 0 && !pass.isOver(); ) {
          pruned = await book.prune(database, cutoff, batch);
          if (pruned > 0) pass.decided(book.decision, { rows: pruned });
        }
      }
    },
  };
};
