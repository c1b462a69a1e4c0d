import { describe, expect, it } from 'vitest';
import { percentOf } from './transcode-video.ts';
import { planVideo } from './video-plan.ts';

const video = { codec: 'h264', pixelFormat: 'yuv420p', width: 1_280, height: 720, hasOddPixels: false };
const audio = { codec: 'aac' };

describe('planVideo', () => {
  it('copies what plays everywhere', () => {
    expect(planVideo({ video, audio })).toMatchObject({ mode: 'copy', width: 1_280, height: 720 });
    expect(planVideo({ video, audio: undefined }).mode).toBe('copy');
    expect(planVideo({ video: { ...video, width: 1_080, height: 1_920 }, audio }).mode).toBe('copy');
  });

  it('encodes only the sound when only that needs it', () => {
    const { codecs } = planVideo({ video, audio: { codec: 'opus' } });
    expect(codecs.join(' ')).toMatch(/-c:v copy -c:a aac/);
  });

  it.each([
    ['another codec', { codec: 'hevc' }, [1_280, 720]],
    ['10 bits', { pixelFormat: 'yuv420p10le' }, [1_280, 720]],
    ['pixels that nobody has', { hasOddPixels: true }, [1_280, 720]],
    ['4K', { width: 3_840, height: 2_160 }, [1_920, 1_080]],
    ['4K upright', { width: 2_160, height: 3_840 }, [1_080, 1_920]],
    ['odd sizes', { codec: 'vp9', width: 321, height: 181 }, [322, 182]],
  ])('encodes %s', (_, change, size) => {
    const plan = planVideo({ video: { ...video, ...change }, audio });
    expect(plan.codecs).toContain('libx264');
    expect([plan.width, plan.height]).toEqual(size);
  });
});

describe('percentOf', () => {
  it('reads the position', () => {
    expect(percentOf('out_time_us=2500000', 5)).toBe(50);
    expect(percentOf('out_time_us=9900000', 5)).toBe(100);
  });

  it('ignores everything else', () => {
    for (const line of ['out_time_us=N/A', 'frame=12', 'progress=end'])
      expect(percentOf(line, 5)).toBeUndefined();
    expect(percentOf('out_time_us=2500000', 0)).toBeUndefined();
  });
});
