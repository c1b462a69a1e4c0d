import { isSettled } from '@claimcheck/contracts/media';
import type { Database } from '@claimcheck/database/database';
import type { AcknowledgedUpload } from './checker/history.ts';
import { until } from './until.ts';

/**
 * Waits until every acknowledged upload has settled.
 *
 * @returns the longest time from now until one settled, in ms
 * @throws when some have not settled in time, with their ids and states
 */
export const untilSettled = async (
  database: Database,
  uploads: readonly AcknowledgedUpload[],
  withinMs: number,
): Promise<number> => {
  const startedAt = performance.now();
  const ids = uploads.map(({ media_object_id }) => media_object_id);
  let open: { media_object_id: string; state: string }[] = [];
  const look = async () => {
    const rows = await database.client.media_object.findMany({
      where: { media_object_id: { in: ids } },
      select: { media_object_id: true, state: true },
    });
    open = rows.filter(({ state }) => !isSettled(state));
    return open.length === 0 ? true : undefined;
  };
  try {
    await until(look, { withinMs, what: 'all uploads to settle' });
  } catch (error) {
    const left = open.map(({ media_object_id, state }) => `${media_object_id} is ${state}`);
    throw new Error(`not settled after ${withinMs} ms: ${left.slice(0, 10).join(', ')}`, { cause: error });
  }
  return Math.round(performance.now() - startedAt);
};
