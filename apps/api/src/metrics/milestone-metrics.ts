import { MEDIA_KINDS, type MediaKind } from '@claimcheck/contracts/media';
import { Histogram, type Registry } from '@claimcheck/platform/process/metrics';

// The objectives are buckets: 2 s to the first picture, 5 s for a photo, 10 s and more for a video.
const BUCKETS = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 60, 120, 600, 3_600];

/** Creates the histograms of the times that members wait, from the last byte. */
export const createMilestoneMetrics = (registry: Registry) => {
  const registers = [registry];
  const preview = new Histogram({
    name: 'claimcheck_time_to_preview_seconds',
    help: 'Time from the last byte to the thumbnail',
    buckets: BUCKETS,
    registers,
  });
  const ready = new Histogram({
    name: 'claimcheck_time_to_ready_seconds',
    help: 'Time from the last byte to ready',
    labelNames: ['kind'],
    buckets: BUCKETS,
    registers,
  });
  for (const kind of MEDIA_KINDS) ready.zero({ kind });
  return {
    onMilestone: (milestone: 'preview' | 'ready', kind: MediaKind, seconds: number): void =>
      milestone === 'preview' ? preview.observe(seconds) : ready.observe({ kind }, seconds),
  };
};
