const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Returns between half of `ms` and all of it, so that clients that failed together do not return together. */
export const spread = (ms: number, random: () => number = Math.random): number =>
  Math.round(ms * (0.5 + random() / 2));

/** Returns the milliseconds to wait after this many failures in a row; `random` is in [0, 1). */
export const backoffMs = (failures: number, random: () => number = Math.random): number =>
  spread(Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS), random);

/** Returns whether the platform reports no network. A platform that cannot tell counts as online. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false;

/** Waits for `delayMs`, less if the network returns earlier, and longer while there is no network. */
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
