import { isDatabaseAway } from '@claimcheck/database/is-database-away';
import { isStorageAway } from '@claimcheck/platform/s3/s3-errors';
import { ProblemError } from '../problem-error.ts';
import type { HttpContext } from '../request/context.ts';
import { LostObjectError } from './lost-object-error.ts';

/** `lost` and `unavailable` are our own faults; deleted media is `media_gone`. */
const outcomeOf = (error: unknown): string => {
  if (error instanceof LostObjectError) return 'lost';
  if (error instanceof ProblemError) return error.problem.code;
  return isDatabaseAway(error) || isStorageAway(error) ? 'unavailable' : 'internal';
};

/** Counts a failed download. It also logs a lost object, since no user can report its key. */
export const countFailedDownload = (
  { metrics, logger }: Pick<HttpContext, 'metrics' | 'logger'>,
  error: unknown,
  quality: string,
): void => {
  metrics.downloads.inc({ quality, outcome: outcomeOf(error) });
  if (error instanceof LostObjectError)
    logger.error({ object_storage_key: error.key, quality }, 'the bucket has no such object');
};
