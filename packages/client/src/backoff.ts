const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to wait after so many failures in a row; `random` in [0, 1) spreads clients that failed together. */
export const backoffMs = (failures: number, random: () => number = Math.random): number => {
  const full = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  return Math.round(full * (0.5 + random() / 2));
};

/** Whether the platform knows that there is no network; where it can't say, there is one. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false;

/** Waits for `delayMs`, shorter when the network comes back, and without an end while there is none. */
export const waitForRetry = (delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = isOffline() ? undefined : setTimeout(end, delayMs);
    globalThis.addEventListener?.('online', end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
