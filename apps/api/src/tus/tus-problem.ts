import { PROBLEMS, type Problem, type ProblemCode, toProblem } from '@claimcheck/contracts/errors';
import type { Logger } from '@claimcheck/platform/process/logger';

const CODES: Record<number, ProblemCode> = {
  400: 'tus_protocol',
  403: 'tus_protocol',
  404: 'not_found',
  409: 'offset_mismatch',
  410: 'upload_gone',
  412: 'tus_version',
  413: 'too_large',
};

const isCode = (text: string): text is ProblemCode => text in PROBLEMS;

/** @tus/server answers in plain text, our store with a code; the status stays, the words become a problem. */
export const toTusProblem = (status: number, text: string, logger: Logger): Problem => {
  if (isCode(text)) return toProblem(text, text === 'upload_locked' ? { retry_after_ms: 1_000 } : {});
  const code = CODES[status];
  if (code === undefined) {
    logger.error({ status, text }, 'upload request failed');
    // Most often the storage: the client is to try again.
    return toProblem('unavailable', { retry_after_ms: 1_000 });
  }
  return toProblem(code, {
    status,
    ...(code === 'tus_protocol' ? { detail: text.trim().slice(0, 200) } : {}),
  });
};
