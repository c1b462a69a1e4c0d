import type { Executor } from '@claimcheck/database/database';
import { assertFits } from '../log/conversation-events.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { announceOutbox, toOutboxRows } from '../record/outbox.ts';
import { type MediaChange, type MediaPlan, planChange } from './plan-change.ts';
import { type Beside, planStatement } from './plan-statement.ts';

interface Written {
  /** Conversations whose logs contain the change now. */
  told: { conversation_id: string; seq: number }[];
}

/**
 * Executes a plan in one statement, which may be a transaction of its own.
 *
 * @returns whether it was written: false when the row has changed since the plan was made
 * @throws ProblemError `too_large` when its event would be
 */
export const tryPlan = async (on: Executor, plan: MediaPlan, beside: Beside = {}): Promise<boolean> => {
  const { media } = plan;
  assertFits({ media });
  const messages = toOutboxRows(on, plan.messages);
  const [written] = await on.query<Written>(planStatement(on, plan, messages, beside));
  if (written === undefined) return false;
  announceOutbox(on, messages);
  on.facts.push(...plan.facts);
  for (const { conversation_id, seq } of written.told)
    on.facts.push({
      fact: 'conversation_event',
      event: { conversation_id, seq, type: 'media.updated', media },
    });
  return true;
};

/**
 * Executes a plan in the caller's transaction, under the media object's lock.
 *
 * @returns the media object afterwards
 */
export const executePlan = async (tx: Executor, plan: MediaPlan): Promise<MediaRow> => {
  // The row is locked, so this is a bug of the caller: its plan was made from another row.
  if (!(await tryPlan(tx, plan))) throw new Error('the media object changed under its lock');
  return plan.row;
};

/**
 * Changes a media object in the caller's transaction: makes the plan at the revision that was read, and writes it with all
 * of its consequences. {@link finalizeUpload} executes the same plan with the end of the upload.
 *
 * @param current as {@link lockMedia} returned it in this transaction
 * @throws IllegalTransition when the transition is not in the table: a bug of the caller
 */
export const writeMedia = (
  tx: Executor,
  settings: DomainConfig,
  current: MediaRow,
  change: MediaChange,
): Promise<MediaRow> => executePlan(tx, planChange(settings, current, change, new Date()));
