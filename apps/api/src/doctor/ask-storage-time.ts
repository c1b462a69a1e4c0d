import { type Check, skipped } from './check.ts';
import { checkClock } from './check-clock.ts';

const PATIENCE_MS = 5_000;
/** HTTP dates have whole seconds: the real time is up to a second later. */
const RESOLUTION_MS = 1_000;

/** Reads the store's clock from the date of any answer; signatures are compared with it. @throws without an answer */
export const askStorageTime = async (endpoint: string): Promise<Check[]> => {
  const sent = Date.now();
  const response = await fetch(endpoint, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE_MS) });
  const received = Date.now();
  const time = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(time)
    ? [skipped('clock of the store', 'its answers have no date')]
    : [checkClock('the store', new Date(time), { sent: sent - RESOLUTION_MS, received })];
};
