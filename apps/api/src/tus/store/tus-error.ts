import { PROBLEMS, type Problem, type ProblemCode, toProblem } from '@claimcheck/contracts/errors';
import type { Logger } from '@claimcheck/platform/process/logger';
import { ProblemError } from '../../problem-error.ts';

/** A problem in the form that @tus/server passes through: a status, and our code as its text. */
export class TusError extends ProblemError {
  readonly status_code: number;
  readonly body: string;

  constructor(code: ProblemCode) {
    super(code);
    this.name = 'TusError';
    this.status_code = this.problem.status;
    this.body = code;
  }
}

const CODES: Record<number, ProblemCode> = {
  400: 'tus_protocol',
  404: 'not_found',
  410: 'upload_gone',
  412: 'tus_version',
  413: 'too_large',
};

/** When a client should retry: a store that is down takes longer than another request of the client. */
const RETRY_AFTER_MS: Partial<Record<ProblemCode, number>> = { upload_locked: 1_000, unavailable: 5_000 };

const isCode = (text: string): text is ProblemCode => text in PROBLEMS;

const withRetry = (problem: Problem): Problem => {
  const retry_after_ms = problem.retry_after_ms ?? RETRY_AFTER_MS[problem.code];
  return retry_after_ms === undefined ? problem : { ...problem, retry_after_ms };
};

/** Returns the problem of a failed append. Any error but a refusal is most often a store that does not answer. */
export const toUploadProblem = (error: unknown, logger: Logger): Problem => {
  if (error instanceof ProblemError) return withRetry(error.problem);
  logger.error({ err: error }, 'upload request failed');
  return toProblem('unavailable', { retry_after_ms: 1_000 });
};

/** Turns an answer of @tus/server into a problem: plain text from the server, a code from our store. */
export const toTusProblem = (status: number, text: string, logger: Logger): Problem => {
  if (isCode(text)) return withRetry(toProblem(text));
  const code = CODES[status];
  if (code === undefined) {
    logger.error({ status, text }, 'upload request failed');
    // Most often the store does not answer, so the client should retry.
    return toProblem('unavailable', { retry_after_ms: 1_000 });
  }
  return toProblem(code, {
    status,
    ...(code === 'tus_protocol' ? { detail: text.trim().slice(0, 200) } : {}),
  });
};
