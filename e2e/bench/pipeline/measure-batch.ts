import type { System } from '../../harness/system.ts';
import { cpuSeconds, peakMib, resetPeak, untilQuiet } from '../measure/process-usage.ts';
import type { BenchPhotos } from './bench-photos.ts';
import { asPhoto, type Viewer } from './viewer.ts';

export interface BatchFigures {
  first_preview_ms: number;
  seconds: number;
  /** Of the worker's process. */
  cpu_seconds: number;
  peak_mib: number;
}

/** Measures photos that all arrive at once, until the last is ready. */
export const measureBatch = async (
  system: System,
  viewer: Viewer,
  photos: BenchPhotos,
  count: number,
): Promise<BatchFigures> => {
  const { pid } = system.apps.worker;
  await untilQuiet(pid);
  await resetPeak(pid);
  const cpuBefore = await cpuSeconds(pid);
  const startedAt = performance.now();
  const seen = await Promise.all(photos.take(count).map((photo) => viewer.show(asPhoto(photo), 'image')));
  return {
    first_preview_ms: Math.min(...seen.map(({ preview_ms }) => preview_ms)),
    seconds: (performance.now() - startedAt) / 1_000,
    cpu_seconds: (await cpuSeconds(pid)) - cpuBefore,
    peak_mib: await peakMib(pid),
  };
};
