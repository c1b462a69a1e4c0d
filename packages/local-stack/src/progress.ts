/** Receives one line of progress, without a line break. */
export type Progress = (line: string) => void;

/**
 * Runs `work` and reports `label (12 s)…` every few seconds, so that a long step never looks like a hang.
 * Work that ends before the first interval reports nothing.
 */
export const withProgress = async <T>(
  label: string,
  onProgress: Progress,
  work: () => Promise<T>,
  everyMs = 4000,
): Promise<T> => {
  const startedAt = performance.now();
  const timer = setInterval(() => {
    onProgress(`${label} (${Math.round((performance.now() - startedAt) / 1000)} s)…`);
  }, everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
};
