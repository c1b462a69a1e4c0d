import { describe, expect, it } from 'vitest';
import { percentOf } from './transcode-video.ts';
import { planVideo } from './video-plan.ts';

const video = {
  index: 0,
  codec: 'h264',
  pixelFormat: 'yuv420p',
  width: 1_280,
  height: 720,
  hasOddPixels: false,
  isTurned: false,
  isInterlaced: false,
  hasReorderedFrames: true,
  transfer: undefined,
  framesPerSecond: 30,
  bitsPerSecond: 5_000_000,
};
const audio = { index: 1, codec: 'aac' };
const input = { demuxer: 'mov' };
const plan = (change: object = {}, { hls = false, demuxer = 'mov' } = {}) =>
  planVideo({ video: { ...video, ...change }, audio, input: { demuxer } }, { hls });

describe('planVideo', () => {
  it('copies what plays everywhere', () => {
    expect(plan()).toMatchObject({ mode: 'copy', width: 1_280, height: 720 });
    expect(planVideo({ video, audio: undefined, input }, { hls: false }).mode).toBe('copy');
    expect(plan({ width: 1_080, height: 1_920 }).mode).toBe('copy');
    expect(plan({ isTurned: true }).mode).toBe('copy');
    expect(plan({ hasReorderedFrames: false }, { demuxer: 'avi' }).mode).toBe('copy');
  });

  it('encodes only the sound when only that needs it', () => {
    const { codecs } = planVideo({ video, audio: { index: 1, codec: 'opus' }, input }, { hls: false });
    expect(codecs.join(' ')).toMatch(/-c:v copy -c:a aac/);
  });

  it.each([
    ['another codec', { codec: 'hevc' }, [1_280, 720]],
    ['10 bits', { pixelFormat: 'yuv420p10le' }, [1_280, 720]],
    ['implausible pixels', { hasOddPixels: true }, [1_280, 720]],
    ['interlaced fields', { isInterlaced: true }, [1_280, 720]],
    ['HDR', { transfer: 'arib-std-b67' }, [1_280, 720]],
    ['120 frames a second', { framesPerSecond: 120 }, [1_280, 720]],
    ['100 Mbit/s', { bitsPerSecond: 100_000_000 }, [1_280, 720]],
    ['4K', { width: 3_840, height: 2_160 }, [1_920, 1_080]],
    ['4K upright', { width: 2_160, height: 3_840 }, [1_080, 1_920]],
    ['odd sizes', { codec: 'vp9', width: 321, height: 181 }, [322, 182]],
  ])('encodes %s', (_, change, size) => {
    const { codecs, width, height } = plan(change);
    expect(codecs).toContain('libx264');
    expect([width, height]).toEqual(size);
  });

  it('encodes reordered frames of an AVI, which stores no presentation times', () => {
    expect(plan({}, { demuxer: 'avi' }).mode).toBe('encode');
  });

  it('encodes a turned video for HLS, which has no rotation', () => {
    expect(plan({ isTurned: true }, { hls: true }).mode).toBe('encode');
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
