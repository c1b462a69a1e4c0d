import { useEffect, useRef, useState } from 'react';
import { retryUntilAborted } from '../retry.ts';

const MAX_FAILURES_IN_A_ROW = 3;

export interface Attempts {
  /** Changes when the component should load again. */
  attempt: number;
  isGivenUp: boolean;
  fail: () => void;
  succeed: () => void;
}

/**
 * Retries media that did not load, after renewing the session or signature of its URL. The number of attempts is
 * limited, but time without a network does not count.
 *
 * @param what is loaded; a change resets the count of failures
 */
export const useAttempts = (renew: () => Promise<void>, what?: string): Attempts => {
  const [attempt, setAttempt] = useState(0);
  const [givenUp, setGivenUp] = useState<{ what: string | undefined }>();
  const [isRefused, setRefused] = useState(false);
  const failures = useRef({ what, inARow: 0 });
  const isRenewing = useRef(false);
  const left = useRef(new AbortController());

  useEffect(() => {
    const controller = new AbortController();
    left.current = controller;
    return () => controller.abort();
  }, []);

  const fail = () => {
    // Further failures before the renewal completes have the same cause, and do not count.
    if (isRenewing.current) return;
    const inARow = failures.current.what === what ? failures.current.inARow + 1 : 1;
    failures.current = { what, inARow };
    if (inARow >= MAX_FAILURES_IN_A_ROW) {
      setGivenUp({ what });
      return;
    }
    isRenewing.current = true;
    const { signal } = left.current;
    retryUntilAborted(renew, { signal })
      .then(
        () => setAttempt((count) => count + 1),
        () => setRefused(!signal.aborted),
      )
      .finally(() => {
        isRenewing.current = false;
      });
  };
  const succeed = () => {
    failures.current = { what, inARow: 0 };
  };
  const isGivenUp = isRefused || (givenUp !== undefined && givenUp.what === what);
  return { attempt, isGivenUp, fail, succeed };
};
