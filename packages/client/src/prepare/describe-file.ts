import type { Placeholder } from './placeholder.ts';

/** Longest edge of the picture that is hashed. A blur shows no more, and a thumbhash allows no more. */
const HASHED_PIXELS = 100;
/** A film that does not open within this time is sent without a placeholder. */
const VIDEO_TIMEOUT_MS = 5_000;
/** Position in the film, shortly after its start: the first picture is often black. */
const VIDEO_AT_SECONDS = 0.1;

/** Returns size and blur of a picture or video, if the platform can read it. */
export const describeFile = async (
  file: Blob,
  contentType: string,
  signal: AbortSignal,
): Promise<Placeholder | undefined> => {
  if (!('document' in globalThis)) return undefined;
  try {
    if (contentType.startsWith('image/')) return await describeImage(file);
    if (contentType.startsWith('video/')) return await describeVideo(file, signal);
  } catch {
    // This browser does not know the format: the worker will inspect the file.
  }
  return undefined;
};

const describeImage = async (file: Blob): Promise<Placeholder> => {
  const bitmap = await createImageBitmap(file);
  try {
    const { width, height } = bitmap;
    return { width, height, thumbhash: await thumbhashOf(bitmap, width, height) };
  } finally {
    bitmap.close();
  }
};

const describeVideo = async (file: Blob, signal: AbortSignal): Promise<Placeholder | undefined> => {
  const video = document.createElement('video');
  const url = URL.createObjectURL(file);
  const either = AbortSignal.any([signal, AbortSignal.timeout(VIDEO_TIMEOUT_MS)]);
  try {
    video.muted = true;
    video.preload = 'auto';
    video.src = url;
    await happens(video, 'loadeddata', either);
    const { videoWidth: width, videoHeight: height, duration } = video;
    if (width === 0) return undefined;
    video.currentTime = Math.min(VIDEO_AT_SECONDS, duration / 2);
    await happens(video, 'seeked', either);
    const durationMs = Number.isFinite(duration) ? Math.round(duration * 1_000) : undefined;
    return { width, height, durationMs, thumbhash: await thumbhashOf(video, width, height) };
  } finally {
    video.removeAttribute('src');
    URL.revokeObjectURL(url);
  }
};

const happens = (video: HTMLVideoElement, type: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    video.addEventListener(type, () => resolve(), { once: true });
    video.addEventListener('error', () => reject(video.error), { once: true });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

const thumbhashOf = async (
  picture: CanvasImageSource,
  width: number,
  height: number,
): Promise<string | undefined> => {
  const scale = Math.min(1, HASHED_PIXELS / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  // Loaded with the first picture, because a page that sends only text never needs it.
  const { rgbaToThumbHash } = await import('thumbhash');
  const hash = rgbaToThumbHash(canvas.width, canvas.height, data);
  return btoa(String.fromCharCode(...hash));
};
