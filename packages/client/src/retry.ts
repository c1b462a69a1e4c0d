import { ClaimcheckError } from './claimcheck-error.ts';

const DELAYS_MS = [300, 1_000, 3_000, 5_000, 10_000];

/**
 * Repeats a call that may be repeated (a GET, or one that carries a client key) while its error says that
 * it may succeed later. Throws the last error.
 */
export const retry = async <Result>(
  call: () => Promise<Result>,
  delaysMs: readonly number[] = DELAYS_MS,
): Promise<Result> => {
  for (const delayMs of delaysMs) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ClaimcheckError) || !error.retryable) throw error;
      await sleep(Math.max(delayMs, error.retryAfterMs ?? 0));
    }
  }
  return call();
};

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
