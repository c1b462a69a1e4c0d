import { backoffMs, waitForRetry } from './backoff.ts';
import { toClaimcheckError } from './claimcheck-error.ts';

/** Repeats a call for as long as its error says that it may succeed later, and `signal` is not aborted. */
export const whenPossible = async <Result>(
  call: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (thrown) {
      const error = toClaimcheckError(thrown);
      if (!error.retryable || signal.aborted) throw error;
      await waitForRetry(Math.max(backoffMs(failures), error.retryAfterMs ?? 0), signal);
    }
  }
};
