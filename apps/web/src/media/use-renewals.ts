import { useState } from 'react';

const MAX_RENEWALS = 3;

/** An address that does not load is renewed and loaded once more, but not for ever: then the page says so. */
export const useRenewals = (renew: () => Promise<void>) => {
  const [failures, setFailures] = useState(0);
  /** Changes with each renewal: what shows the address begins anew. */
  const [attempt, setAttempt] = useState(0);
  const fail = () => {
    setFailures((count) => count + 1);
    if (failures >= MAX_RENEWALS) return;
    // What can not be renewed fails once more, and is counted then.
    renew()
      .catch(() => {})
      .finally(() => setAttempt((count) => count + 1));
  };
  return { hasFailed: failures > MAX_RENEWALS, attempt, fail, succeed: () => setFailures(0) };
};
