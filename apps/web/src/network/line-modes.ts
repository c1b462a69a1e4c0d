export const LINE_MODES = ['open', 'slow', 'crawl', 'cut'] as const;
export type LineMode = (typeof LINE_MODES)[number];

interface LineProperties {
  words: string;
  bytesPerSecond: number;
  /** Added to each request. */
  latencyMs: number;
}

export const LINES: Readonly<Record<LineMode, LineProperties>> = {
  open: { words: 'As it is', bytesPerSecond: Number.POSITIVE_INFINITY, latencyMs: 0 },
  slow: { words: 'Slow, 512 KiB a second', bytesPerSecond: 512 * 1024, latencyMs: 100 },
  crawl: { words: 'Very slow, 64 KiB a second', bytesPerSecond: 64 * 1024, latencyMs: 400 },
  cut: { words: 'Cut', bytesPerSecond: 0, latencyMs: 0 },
};
