import { backoffMs, waitForRetry } from './backoff.ts';
import { ClaimcheckError, toClaimcheckError } from './claimcheck-error.ts';
import type { Tokens } from './tokens.ts';

const DELAYS_MS = [300, 1_000, 3_000, 5_000, 10_000];

/**
 * Repeats a repeatable call (a GET, or one with a client key) while its error says that it may succeed later. Throws
 * the last error.
 */
export const retry = async <Result>(
  call: () => Promise<Result>,
  delaysMs: readonly number[] = DELAYS_MS,
): Promise<Result> => {
  const { signal } = new AbortController();
  for (const delayMs of delaysMs) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ClaimcheckError) || !error.retryable) throw error;
      await waitForRetry(Math.max(delayMs, error.retryAfterMs ?? 0), signal);
    }
  }
  return call();
};

interface Patience {
  signal: AbortSignal;
  /** With them, a refused login is waited out like a missing network. */
  tokens?: Tokens | undefined;
  /** Narrows the errors after which the call is repeated. */
  isWorthIt?: (error: ClaimcheckError, tokens?: Tokens) => boolean;
  /** Called with each error after which the call is repeated. */
  onFailure?: (error: ClaimcheckError) => void;
}

/** Repeats a call until it succeeds, its error is final, or `signal` aborts. Throws the last error. */
export const retryUntilAborted = async <Result>(
  call: () => Promise<Result>,
  { signal, tokens, isWorthIt = () => true, onFailure }: Patience,
): Promise<Result> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (thrown) {
      const error = toClaimcheckError(thrown);
      if (signal.aborted || !mayPass(error, tokens) || !isWorthIt(error, tokens)) throw error;
      onFailure?.(error);
      await untilWorthRepeating(error, failures, { signal, tokens });
    }
  }
};

/** Whether the same call may succeed later: the error says so, or the login that it needs may be renewed. */
export const mayPass = (error: ClaimcheckError, tokens?: Tokens): boolean =>
  error.retryable || isLoginOver(error, tokens);

/** Waits until the call may succeed: after a refused login for another token of the host, otherwise by backoff. */
export const untilWorthRepeating = async (
  error: ClaimcheckError,
  failures: number,
  { signal, tokens }: Pick<Patience, 'signal' | 'tokens'>,
): Promise<void> => {
  if (tokens && isLoginOver(error, tokens)) await tokens.untilAnother(signal);
  else await waitForRetry(Math.max(backoffMs(failures), error.retryAfterMs ?? 0), signal);
};

export const isLoginOver = ({ status }: ClaimcheckError, tokens?: Tokens): boolean =>
  status === 401 && tokens?.isRefused === true;
