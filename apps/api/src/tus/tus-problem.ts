import { type Problem, type ProblemCode, toProblem } from '@claimcheck/contracts/errors';
import type { Logger } from '@claimcheck/platform/logger';

const CODES: Record<number, ProblemCode> = {
  400: 'tus_protocol',
  403: 'tus_protocol',
  404: 'not_found',
  409: 'offset_mismatch',
  410: 'upload_gone',
  412: 'tus_version',
  413: 'too_large',
  423: 'upload_locked',
  460: 'checksum_mismatch',
};

const LOCK_TIMEOUT = /failed to acquire lock/;
// Clients never retry a 400; one whose request was ended for a newer one of its own must.
const LOCK_LOST = /aborted due to lock/;

/** @tus/server answers in plain text; the status stays, the words become a problem document. */
export const toTusProblem = (status: number, text: string, logger: Logger): Problem => {
  if (LOCK_TIMEOUT.test(text) || LOCK_LOST.test(text))
    return toProblem('upload_locked', { retry_after_ms: 1_000 });
  const code = CODES[status];
  if (code === undefined) {
    logger.error({ status, text }, 'upload request failed');
    return toProblem('internal');
  }
  return toProblem(code, {
    status,
    ...(code === 'tus_protocol' ? { detail: text.trim().slice(0, 200) } : {}),
  });
};
