import { backoffMs, waitForRetry } from './backoff.ts';
import { type ClaimcheckError, toClaimcheckError } from './claimcheck-error.ts';

/**
 * Repeats a call for as long as its error says that it may succeed later, and `signal` is not aborted.
 *
 * @param onFailure told of each failure after which it is repeated
 */
export const whenPossible = async <Result>(
  call: () => Promise<Result>,
  signal: AbortSignal,
  onFailure?: (error: ClaimcheckError) => void,
): Promise<Result> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (thrown) {
      const error = toClaimcheckError(thrown);
      if (!error.retryable || signal.aborted) throw error;
      onFailure?.(error);
      await waitForRetry(Math.max(backoffMs(failures), error.retryAfterMs ?? 0), signal);
    }
  }
};
