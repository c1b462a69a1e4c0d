import { expireOrphanMedia } from '../background/sweeper/expire-orphans.ts';
import { finishUploads } from '../background/sweeper/finish-uploads.ts';
import { pollDirectUploads } from '../background/sweeper/poll-direct-uploads.ts';
import { prune } from '../background/sweeper/prune.ts';
import { purgeBlockedMedia } from '../background/sweeper/purge-blocked-media.ts';
import { recordStoredBytes } from '../background/sweeper/record-stored-bytes.ts';
import { resolveOverdueMedia } from '../background/sweeper/resolve-overdue-media.ts';
import { sweepPrefixes } from '../background/sweeper/sweep-prefixes.ts';
import { Sweeper } from '../background/sweeper/sweeper.ts';
import type { Context } from '../compose.ts';
import type { UploadSessions } from '../media/uploads/upload-sessions.ts';
import { createFinisher } from '../tus/compose.ts';

/** Assembles the sweeper. From tus it takes only the upload engine's way to finish an upload. */
export const startSweeper = (context: Context, sessions: UploadSessions): void => {
  const { bus, database, storage, settings, config, logger, metrics, shutdown } = context;
  const engine = createFinisher(context, sessions);
  shutdown.add('sweeper uploads', () => engine.close());
  const tasks = [
    resolveOverdueMedia({ database, bus, settings }),
    finishUploads({
      database,
      sessions,
      storage,
      settings,
      store: engine.store,
    }),
    pollDirectUploads({ database, directUploads: context.directUploads }),
    expireOrphanMedia({ database, settings }),
    sweepPrefixes({ database, storage }),
    ...(config.virusPolicy === 'hard' ? [purgeBlockedMedia({ database })] : []),
    prune({
      database,
      eventRetentionMs: config.eventRetentionMs,
      tombstoneRetentionMs: config.tombstoneRetentionMs,
      readyDeadlineMaxMs: config.readyDeadlineMaxMs,
    }),
    recordStoredBytes({ database, set: metrics.setStoredBytes }),
  ];
  for (const { name, outcomes } of tasks)
    for (const decision of [...outcomes, 'error']) metrics.sweeperDecisions.inc({ duty: name, decision }, 0);
  const sweeper = new Sweeper({
    tasks,
    everyMs: config.sweepIntervalMs,
    logger,
    onDecision: (duty, decision) => metrics.sweeperDecisions.inc({ duty, decision }),
  });
  sweeper.start();
  shutdown.add('sweeper', () => sweeper.stop());
};
