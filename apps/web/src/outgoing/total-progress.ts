import type { Progress } from './progress-words.ts';

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

/** Adds several uploads up as if they were one. */
export const totalProgress = (uploads: readonly Progress[]): Progress => {
  const sentBytes = sumOf(uploads.map((upload) => upload.sentBytes));
  const totalBytes = sumOf(uploads.map((upload) => upload.totalBytes));
  // Finished uploads no longer count, whatever their last speed.
  const running = uploads.filter((upload) => upload.sentBytes < upload.totalBytes);
  const bytesPerSecond = sumOf(running.map((upload) => upload.bytesPerSecond));
  const remainingMs = bytesPerSecond > 0 ? (1_000 * (totalBytes - sentBytes)) / bytesPerSecond : undefined;
  return { sentBytes, totalBytes, bytesPerSecond, remainingMs };
};
