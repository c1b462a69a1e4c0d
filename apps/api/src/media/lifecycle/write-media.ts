import type { Transaction } from '@claimcheck/database/database';
import { appendToConversations } from '../log/fan-out.ts';
import { setUsage } from '../quota/user-usage.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { enqueue } from '../record/outbox.ts';
import { type MediaChange, type MediaPlan, planChange } from './plan-change.ts';
import { insertSweeps } from './prefix-sweeps.ts';

const writeDerivatives = async (tx: Transaction, plan: MediaPlan): Promise<void> => {
  const { media_object_id, removed, written } = plan;
  const epochs = removed === 'all' || removed === undefined ? {} : { epoch: { lt: removed.before_epoch } };
  for (const derivative of written) {
    const { epoch, quality, created_at: _, ...columns } = derivative;
    await tx.db.derivative.upsert({
      where: { media_object_id_epoch_quality: { media_object_id, epoch, quality } },
      create: derivative,
      update: columns,
    });
  }
  if (removed !== undefined) await tx.db.derivative.deleteMany({ where: { media_object_id, ...epochs } });
};

/**
 * Executes a plan in the caller's transaction.
 *
 * @returns the media object afterwards
 */
export const executePlan = async (tx: Transaction, plan: MediaPlan): Promise<MediaRow> => {
  const { media_object_id, rev_before, usage } = plan;
  const { count } = await tx.db.media_object.updateMany({
    where: { media_object_id, rev: rev_before },
    data: plan.columns,
  });
  // The row is locked, so this is a bug of the caller: it wrote what it had not read.
  if (count === 0) throw new Error('the media object changed under its lock');
  await writeDerivatives(tx, plan);
  if (usage !== undefined) await setUsage(tx, [media_object_id], usage);
  if (plan.sweeps.length > 0) await insertSweeps(tx, plan.sweeps);
  await enqueue(tx, ...plan.messages);
  tx.facts.push(...plan.facts);
  await appendToConversations(tx, plan.media);
  return plan.row;
};

/**
 * Changes a media object in the caller's transaction: by the plan, at the revision that was read, with
 * everything that follows from it. {@link finalizeUpload} executes the same plan in one statement.
 *
 * @param current as {@link lockMedia} returned it in this transaction
 * @throws IllegalTransition when the transition is not in the table: a bug of the caller
 */
export const writeMedia = (
  tx: Transaction,
  settings: DomainConfig,
  current: MediaRow,
  change: MediaChange,
): Promise<MediaRow> => executePlan(tx, planChange(settings, current, change, new Date()));
