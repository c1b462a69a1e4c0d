import type { Progress } from './progress-words.ts';

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

/** Several uploads as if they were one. */
export const totalProgress = (uploads: readonly Progress[]): Progress => {
  const sentBytes = sumOf(uploads.map((upload) => upload.sentBytes));
  const totalBytes = sumOf(uploads.map((upload) => upload.totalBytes));
  // What is sent no longer takes part, whatever its last speed was.
  const running = uploads.filter((upload) => upload.sentBytes < upload.totalBytes);
  const bytesPerSecond = sumOf(running.map((upload) => upload.bytesPerSecond));
  const remainingMs = bytesPerSecond > 0 ? (1_000 * (totalBytes - sentBytes)) / bytesPerSecond : undefined;
  return { sentBytes, totalBytes, bytesPerSecond, remainingMs };
};
