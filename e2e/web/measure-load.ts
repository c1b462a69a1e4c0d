import type { Browser } from 'playwright-core';

export interface LoadFigures {
  line: string;
  first_contentful_paint_ms: number;
  largest_contentful_paint_ms: number;
  /** https://web.dev/articles/cls: good below 0.1. */
  layout_shift: number;
  /** Of the document, its scripts and styles, as they went over the line. */
  code_kib: number;
  /** With pictures, and what the api answered. */
  transferred_kib: number;
  requests: number;
}

/** What Lighthouse takes for a phone: https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md */
const LINES = {
  'line as it is': { bytesPerSecond: -1, latencyMs: 0, cpu: 1 },
  'slow 4G, a phone': { bytesPerSecond: (1.6 * 1_000_000) / 8, latencyMs: 150, cpu: 4 },
} as const;

declare global {
  interface Window {
    seen: { shift: number; largestMs: number };
  }
}

/** Runs before the page's own scripts: adds up what the browser tells about the layout. */
const observe = (): void => {
  window.seen = { shift: 0, largestMs: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if ('value' in entry && 'hadRecentInput' in entry && entry.hadRecentInput === false)
        window.seen.shift += Number(entry.value);
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    window.seen.largestMs = list.getEntries().at(-1)?.startTime ?? 0;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
};

/** Opens a conversation with pictures in a fresh browser, and waits until they are all shown. */
export const measureLoad = async (
  browser: Browser,
  url: string,
  line: keyof typeof LINES,
): Promise<LoadFigures> => {
  const { bytesPerSecond, latencyMs, cpu } = LINES[line];
  const context = await browser.newContext({ viewport: { width: 412, height: 823 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: latencyMs,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: cpu });
  let bytes = 0;
  let requests = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests += 1;
  });
  await page.addInitScript(observe);
  await page.goto(url);
  await page.locator('.frame[aria-busy="false"]').nth(3).waitFor();
  await page.waitForLoadState('networkidle');
  const seen = await page.evaluate(() => {
    const codes = ['script', 'link', 'css'];
    const resources = performance
      .getEntriesByType('resource')
      .filter((entry) => entry instanceof PerformanceResourceTiming && codes.includes(entry.initiatorType));
    const documents = performance.getEntriesByType('navigation');
    const sizes = [...resources, ...documents].map((entry) =>
      entry instanceof PerformanceResourceTiming ? entry.transferSize : 0,
    );
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    return { ...window.seen, code: sizes.reduce((a, b) => a + b, 0), firstMs: paint?.startTime ?? 0 };
  });
  await context.close();
  return {
    line,
    first_contentful_paint_ms: Math.round(seen.firstMs),
    largest_contentful_paint_ms: Math.round(seen.largestMs),
    layout_shift: Math.round(seen.shift * 10_000) / 10_000,
    code_kib: Math.round(seen.code / 1_024),
    transferred_kib: Math.round(bytes / 1_024),
    requests,
  };
};
