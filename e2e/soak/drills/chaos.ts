import { setTimeout as pause } from 'node:timers/promises';
import type { Seeded } from '../../harness/seeded.ts';
import type { Fault } from './faults.ts';

const CALM_MS = [500, 6_000] as const;

/**
 * Lets one fault after the other strike, with some calm in between, until the signal.
 * @returns how often each struck; everything is healed then
 */
export const wreak = async (
  faults: readonly Fault[],
  random: Seeded,
  signal: AbortSignal,
): Promise<Map<string, number>> => {
  const count = new Map<string, number>();
  while (!signal.aborted) {
    const fault = random.pick(faults);
    count.set(fault.name, (count.get(fault.name) ?? 0) + 1);
    await fault.strike(random);
    await pause(random.int(...CALM_MS), undefined, { signal }).catch(() => undefined);
  }
  return count;
};
