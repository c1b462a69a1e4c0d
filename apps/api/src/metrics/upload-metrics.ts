import { Counter, type Registry } from '@claimcheck/platform/process/metrics';

/** Label of attempts that ended before their protocol was known. */
export const UNKNOWN_PROTOCOL = 'unknown';

const OUTCOMES = {
  tus: ['created', 'finished', 'refused', 'failed', 'terminated', 'expired'],
  put: ['created', 'finished', 'expired'],
  multipart: ['created', 'finished', 'expired'],
  none: ['created', 'finished'],
  [UNKNOWN_PROTOCOL]: ['refused', 'failed'],
} as const;

/** Uploads from the attempt to the end. Every series starts at 0, so that a first failure is an increase. */
export const createUploadMetrics = (registry: Registry) => {
  const registers = [registry];
  const uploads = new Counter({
    name: 'claimcheck_uploads_total',
    help: 'Uploads by outcome; failed: requests of an upload that ended in 5xx',
    labelNames: ['protocol', 'outcome'],
    registers,
  });
  for (const [protocol, outcomes] of Object.entries(OUTCOMES))
    for (const outcome of outcomes) uploads.inc({ protocol, outcome }, 0);
  const uploadBytes = new Counter({
    name: 'claimcheck_upload_bytes_total',
    help: 'Bytes of finished uploads',
    registers,
  });
  return { uploads, uploadBytes };
};
