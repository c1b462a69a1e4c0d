import { percentile } from '../measure/percentile.ts';
import type { BenchPhotos } from './bench-photos.ts';
import { asPhoto, type Sighting, type Viewer } from './viewer.ts';

export interface IdleFigures {
  preview_p50_ms: number;
  preview_p95_ms: number;
  ready_p50_ms: number;
}

/** One photo after the other, on an idle system. */
export const measureIdle = async (
  viewer: Viewer,
  photos: BenchPhotos,
  count: number,
): Promise<IdleFigures> => {
  const seen: Sighting[] = [];
  for (const photo of photos.take(count)) seen.push(await viewer.show(asPhoto(photo), 'image'));
  const previews = seen.map(({ preview_ms }) => preview_ms);
  const readies = seen.map(({ ready_ms }) => ready_ms);
  return {
    preview_p50_ms: percentile(previews, 0.5),
    preview_p95_ms: percentile(previews, 0.95),
    ready_p50_ms: percentile(readies, 0.5),
  };
};
