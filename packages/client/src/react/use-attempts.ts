import { useEffect, useRef, useState } from 'react';
import { retryUntilAborted } from '../retry.ts';

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
 *
 * @param what is loaded: when it changes, failures are counted again
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
    // What fails until then has failed for the same reason.
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
