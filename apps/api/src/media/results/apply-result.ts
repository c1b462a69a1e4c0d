import { type Executor, Prisma } from '@claimcheck/database/database';
import { recordVerdict, toSha256 } from '../lifecycle/verdicts.ts';
import { tryPlan } from '../lifecycle/write-media.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaColumns } from '../record/media-row.ts';
import { type StoredDerivative, toDerivative } from '../record/media-row.ts';
import { decideResult, type ResultOutcome, type ResultPlan, type ResultState } from './decide-result.ts';
import type { Result } from './result.ts';

export type ApplyOutcome = ResultOutcome | 'missing';

interface Read extends MediaColumns {
  /** The row's version as it was read. Any change of the media object, or a reference to it, makes another one. */
  version: string;
  derivatives: StoredDerivative[];
  applied_stages: string[];
  known_virus: string | null;
}

/** Everything that a decision needs, at one moment. */
const readState = async (
  on: Executor,
  result: Result,
): Promise<(ResultState & { version: string }) | undefined> => {
  const sha256 = toSha256(result.sha256) ?? null;
  const [read] = await on.query<Read>(Prisma.sql`
    SELECT media_object.*, xmin::text AS version,
      (SELECT coalesce(jsonb_agg(to_jsonb(derivative)), '[]') FROM derivative
        WHERE derivative.media_object_id = media_object.media_object_id) AS derivatives,
      ARRAY(SELECT stage FROM applied_result
        WHERE applied_result.media_object_id = media_object.media_object_id
          AND applied_result.epoch = coalesce(${result.epoch ?? null}::int, media_object.epoch)) AS applied_stages,
      (SELECT CASE code WHEN 'infected' THEN coalesce(virus_name, 'unnamed') END FROM verdict
        WHERE verdict.sha256 = ${sha256}::char(64) ORDER BY judged_at DESC LIMIT 1) AS known_virus
    FROM media_object WHERE media_object_id = ${result.mediaId}::uuid`);
  if (read === undefined) return undefined;
  const { version, applied_stages, known_virus, derivatives, ...columns } = read;
  return {
    version,
    row: { ...columns, derivatives: derivatives.map(toDerivative) },
    applied_stages,
    known_virus: known_virus ?? undefined,
  };
};

const announceProgress = async (on: Executor, mediaObjectId: string, percent: number): Promise<void> => {
  const references = await on.query<{ conversation_id: string }>(Prisma.sql`
    SELECT DISTINCT conversation_id FROM media_reference WHERE media_object_id = ${mediaObjectId}::uuid`);
  on.facts.push({
    fact: 'media_progress',
    conversation_ids: references.map(({ conversation_id }) => conversation_id),
    media_object_id: mediaObjectId,
    percent,
  });
};

/** @returns false when the media object has changed since */
const execute = async (on: Executor, plan: ResultPlan, state: { id: string; version: string }) => {
  const { applied, verdict, media, books, progress } = plan;
  const { id, version } = state;
  if (media !== undefined && !(await tryPlan(on, media, { applied, verdict, version }))) return false;
  if (media === undefined && verdict !== undefined) await recordVerdict(on, verdict);
  if (books !== undefined) await keepBooks(on, id, books);
  if (progress !== undefined) await announceProgress(on, id, progress);
  return true;
};

/**
 * Applies a worker's result: one statement reads, one writes, and no lock is held in between. If another writer was faster,
 * it decides again. Repeatable.
 *
 * @throws the database's error; then nothing is written
 */
export const applyResult = async (
  on: Executor,
  settings: DomainConfig,
  result: Result,
): Promise<ApplyOutcome> => {
  for (;;) {
    const state = await readState(on, result);
    if (state === undefined) return 'missing';
    const plan = decideResult(settings, state, result, new Date());
    if (await execute(on, plan, { id: result.mediaId, version: state.version })) return plan.outcome;
  }
};
