import type { Transaction } from '@claimcheck/database/database';
import { findKnownVirus, recordVerdict, toSha256 } from '../lifecycle/verdicts.ts';
import { executePlan } from '../lifecycle/write-media.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import { decideResult, type ResultOutcome, type ResultPlan, type ResultState } from './decide-result.ts';
import type { Result } from './result.ts';

export type ApplyOutcome = ResultOutcome | 'missing';

const readState = async (tx: Transaction, row: MediaRow, result: Result): Promise<ResultState> => {
  const { media_object_id } = row;
  const epoch = result.epoch ?? row.epoch;
  const applied = await tx.db.applied_result.findMany({
    where: { media_object_id, epoch },
    select: { stage: true },
  });
  const sha256 = toSha256(result.sha256);
  return {
    row,
    applied_stages: applied.map(({ stage }) => stage),
    known_virus: sha256 === undefined ? undefined : await findKnownVirus(tx.db, sha256),
  };
};

const announceProgress = async (tx: Transaction, mediaObjectId: string, percent: number): Promise<void> => {
  const references = await tx.db.media_reference.findMany({
    where: { media_object_id: mediaObjectId },
    distinct: ['conversation_id'],
    select: { conversation_id: true },
  });
  tx.facts.push({
    fact: 'media_progress',
    conversation_ids: references.map(({ conversation_id }) => conversation_id),
    media_object_id: mediaObjectId,
    percent,
  });
};

const execute = async (tx: Transaction, mediaObjectId: string, plan: ResultPlan): Promise<void> => {
  const { applied, verdict, media, books, progress } = plan;
  if (applied !== undefined)
    await tx.db.applied_result.create({ data: { media_object_id: mediaObjectId, ...applied } });
  if (verdict !== undefined) await recordVerdict(tx, verdict);
  if (books !== undefined) await keepBooks(tx, mediaObjectId, books);
  // Last: it locks conversations.
  if (media !== undefined) await executePlan(tx, media);
  if (progress !== undefined) await announceProgress(tx, mediaObjectId, progress);
};

/**
 * Applies a worker's result: reads under the lock, decides, writes. Repeatable.
 *
 * @throws the database's error; nothing is written then
 */
export const applyResult = async (
  tx: Transaction,
  settings: DomainConfig,
  result: Result,
): Promise<ApplyOutcome> => {
  const row = await lockMedia(tx, result.mediaId);
  if (row === undefined) return 'missing';
  const plan = decideResult(settings, await readState(tx, row, result), result, new Date());
  await execute(tx, row.media_object_id, plan);
  return plan.outcome;
};
