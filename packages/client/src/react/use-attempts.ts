import { useEffect, useRef, useState } from 'react';
import { backoffMs, waitForRetry } from '../backoff.ts';
import { toClaimcheckError } from '../claimcheck-error.ts';

const MAX_FAILURES_IN_A_ROW = 3;

export interface Attempts {
  /** Changes when what did not load is to be loaded once more. */
  attempt: number;
  isGivenUp: boolean;
  fail: () => void;
  succeed: () => void;
}

/**
 * Loads again what did not load, once what its URL stands on is renewed; not for ever, but for as long as there is
 * no network.
 */
export const useAttempts = (renew: () => Promise<void>): Attempts => {
  const [attempt, setAttempt] = useState(0);
  const [isGivenUp, setGivenUp] = useState(false);
  const failuresInARow = useRef(0);
  const left = useRef(new AbortController());

  useEffect(() => {
    const controller = new AbortController();
    left.current = controller;
    return () => controller.abort();
  }, []);

  const fail = () => {
    failuresInARow.current += 1;
    if (failuresInARow.current >= MAX_FAILURES_IN_A_ROW) setGivenUp(true);
    else
      renewWhenPossible(renew, left.current.signal).then(
        () => setAttempt((count) => count + 1),
        () => setGivenUp(true),
      );
  };
  const succeed = () => {
    failuresInARow.current = 0;
  };
  return { attempt, isGivenUp, fail, succeed };
};

const renewWhenPossible = async (renew: () => Promise<void>, signal: AbortSignal): Promise<void> => {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      await renew();
      return;
    } catch (thrown) {
      const error = toClaimcheckError(thrown);
      if (!error.retryable) throw error;
      await waitForRetry(Math.max(backoffMs(failures), error.retryAfterMs ?? 0), signal);
    }
  }
};
