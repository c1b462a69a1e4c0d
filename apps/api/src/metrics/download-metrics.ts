import { QUALITIES } from '@claimcheck/contracts/media';
import { Counter, type Registry } from '@claimcheck/platform/process/metrics';

const OUTCOMES = [
  'ok',
  'not_found',
  'media_not_scanned',
  'media_not_ready',
  'media_gone',
  'lost',
  'unavailable',
  'internal',
] as const;

/** Downloads by any route: a redirect, bytes from here, or a URL of `POST /v1/media/urls`. */
export const createDownloadMetrics = (registry: Registry) => {
  const downloads = new Counter({
    name: 'claimcheck_downloads_total',
    help: 'Downloads and URLs handed out, and refusals',
    labelNames: ['quality', 'outcome'],
    registers: [registry],
  });
  for (const quality of [...QUALITIES, 'hls'])
    for (const outcome of OUTCOMES) downloads.inc({ quality, outcome }, 0);
  return { downloads };
};
