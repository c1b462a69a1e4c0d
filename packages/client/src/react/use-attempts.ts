import { useEffect, useRef, useState } from 'react';
import { whenPossible } from '../when-possible.ts';

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
  const isRenewing = useRef(false);
  const left = useRef(new AbortController());

  useEffect(() => {
    const controller = new AbortController();
    left.current = controller;
    return () => controller.abort();
  }, []);

  const fail = () => {
    // Two pictures of one attempt are one failure.
    if (isRenewing.current) return;
    failuresInARow.current += 1;
    if (failuresInARow.current >= MAX_FAILURES_IN_A_ROW) {
      setGivenUp(true);
      return;
    }
    isRenewing.current = true;
    const { signal } = left.current;
    whenPossible(renew, signal)
      .then(
        () => setAttempt((count) => count + 1),
        () => setGivenUp(!signal.aborted),
      )
      .finally(() => {
        isRenewing.current = false;
      });
  };
  const succeed = () => {
    failuresInARow.current = 0;
  };
  return { attempt, isGivenUp, fail, succeed };
};
