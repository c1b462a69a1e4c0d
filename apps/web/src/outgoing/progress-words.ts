import { formatBytes } from '@claimcheck/client/react/format-bytes';
import { formatDuration } from '../words/format-duration.ts';

export interface Progress {
  sentBytes: number;
  totalBytes: number;
  /** 0 while unknown. */
  bytesPerSecond: number;
  remainingMs?: number | undefined;
}

/** Describes an upload's progress, speed and remaining time: `1 MiB of 4 MiB · 512 KiB/s · 6 s left`. */
export const progressWords = ({ sentBytes, totalBytes, bytesPerSecond, remainingMs }: Progress): string =>
  [
    `${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`,
    bytesPerSecond > 0 && sentBytes < totalBytes ? `${formatBytes(bytesPerSecond)}/s` : undefined,
    remainingMs !== undefined && sentBytes < totalBytes
      ? `${formatDuration(remainingMs / 1_000)} left`
      : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(' · ');

/** Returns whole percent; a file without bytes is complete. */
export const percentOf = ({ sentBytes, totalBytes }: Progress): number =>
  totalBytes === 0 ? 100 : Math.floor((100 * sentBytes) / totalBytes);
