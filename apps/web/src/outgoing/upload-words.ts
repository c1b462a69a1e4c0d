import type { UploadSnapshot } from '@claimcheck/client';
import { progressWords } from './progress-words.ts';

/** Describes an upload's activity in one line. */
export const uploadWords = ({ state, progress, error }: UploadSnapshot): string => {
  const { sentBytes, totalBytes } = progress;
  const sent = progressWords({ sentBytes, totalBytes, bytesPerSecond: 0 });
  switch (state) {
    case 'queued':
      return 'Waits for its turn';
    case 'preparing':
      return 'Preparing…';
    case 'uploading':
      return progressWords(progress);
    case 'waiting':
      return `${error?.code === 'network' ? 'Waits for the connection' : 'Waits to try again'} · ${sent}`;
    case 'paused':
      return `Paused · ${sent}`;
    case 'done':
      return 'Uploaded';
    case 'failed':
      return `Failed · ${sent}`;
    case 'cancelled':
      return sent;
  }
};
