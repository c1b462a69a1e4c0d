import type { Media } from '@claimcheck/client';

/** Returns the words for a media object's state; none if it is simply available. */
export const mediaWords = (media: Media): string | undefined => {
  switch (media.state) {
    case 'pending':
    case 'uploading':
      return 'Waiting for the upload to finish…';
    case 'processing':
      return processingWords(media);
    case 'degraded':
      return `Not everything could be prepared. ${media.failure?.message ?? 'The file itself is available.'}`;
    case 'failed':
      return `This file could not be processed. ${media.failure?.message ?? ''}`.trim();
    case 'blocked':
      return 'Blocked: the virus scanner found something in this file.';
    case 'expired':
      return 'This file has expired.';
    case 'deleted':
      return 'This file was deleted.';
    default:
      return scanWords(media);
  }
};

const processingWords = ({ kind, scan_state, transcode_state, progress }: Media): string => {
  if (scan_state === 'pending') return 'Processing, and waiting for the virus scanner…';
  if (kind !== 'video' || transcode_state !== 'running') return 'Processing…';
  return progress === undefined ? 'Converting the video…' : `Converting the video: ${progress} %`;
};

const scanWords = ({ scan_state }: Media): string | undefined => {
  if (scan_state === 'unscannable') return 'Could not be scanned for viruses.';
  return scan_state === 'pending' ? 'Waiting for the virus scanner…' : undefined;
};
