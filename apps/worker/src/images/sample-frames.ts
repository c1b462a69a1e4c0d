import { open } from 'node:fs/promises';
import type { ImageSize } from './image-size.ts';
import { decoded, type ImageFile, openImage } from './open-image.ts';

/** Frames in memory at once. Each piece is decoded from the animation's start: a WebP frame builds on those before it. */
const FRAMES_AT_ONCE = 200;

/** Returns how many frames are decoded in order to sample an animation. */
export const decodedFrames = (frames: number): number => {
  const pieces = Math.ceil(frames / FRAMES_AT_ONCE);
  return frames + (FRAMES_AT_ONCE * pieces * (pieces - 1)) / 2;
};

/**
 * Returns the numbers of the frames that are shown at evenly spaced moments.
 * @param delays how long each frame is shown, in any unit
 */
export const framesAt = (delays: readonly number[], moments: number): number[] => {
  const total = delays.reduce((sum, delay) => sum + delay, 0);
  let frame = 0;
  let end = delays[0] ?? 0;
  return Array.from({ length: moments }, (_, moment) => {
    while (end <= (moment * total) / moments && frame < delays.length - 1) {
      frame += 1;
      end += delays[frame] ?? 0;
    }
    return frame;
  });
};

/**
 * Writes frames of an animation, evenly spaced in time, one after the other as RGBA.
 * @returns the length of the animation in seconds
 * @throws MediaFailure
 */
export const sampleFrames = async (
  { path, image }: ImageFile,
  target: string,
  { size, moments, signal }: { size: ImageSize; moments: number; signal: AbortSignal },
): Promise<number> => {
  const { delay = [] } = await decoded(() => openImage(path, { ...image, animated: true }).metadata());
  // A frame of 0 ms is shown for a moment, as in browsers.
  const delays = Array.from({ length: image.frames }, (_, frame) => delay[frame] || 100);
  const wanted = framesAt(delays, moments);
  const file = await open(target, 'w');
  try {
    for (let first = 0; first < image.frames; first += FRAMES_AT_ONCE) {
      signal.throwIfAborted();
      const count = Math.min(FRAMES_AT_ONCE, image.frames - first);
      const bytes = size.width * size.height * 4;
      const pixels = await decoded(() =>
        openImage(path, { ...image, animated: { first, count } })
          .resize(size.width, size.height, { fit: 'fill' })
          .toColourspace('srgb')
          .ensureAlpha()
          .raw()
          .toBuffer(),
      );
      for (const frame of wanted.filter((one) => one >= first && one < first + count))
        await file.write(pixels.subarray((frame - first) * bytes, (frame - first + 1) * bytes));
    }
  } finally {
    await file.close();
  }
  return delays.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1_000;
};
