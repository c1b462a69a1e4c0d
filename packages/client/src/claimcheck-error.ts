import { PROBLEMS, type Problem, type ProblemCode } from '@claimcheck/contracts/errors';

/** The server's problem codes, and two that only a client can know. */
export type ClaimcheckErrorCode = ProblemCode | 'network' | 'cancelled';

interface ClaimcheckErrorFields {
  /** HTTP status; 0 when there was no answer. */
  status?: number;
  /** Whether the same request may succeed later, unchanged. */
  retryable?: boolean;
  detail?: string | undefined;
  field?: string | undefined;
  retryAfterMs?: number | undefined;
  mediaObjectId?: string | undefined;
}

/** Every failure of the SDK: a problem document of the server, `network` or `cancelled`. */
export class ClaimcheckError extends Error {
  override readonly name = 'ClaimcheckError';
  readonly code: ClaimcheckErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly detail: string | undefined;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly mediaObjectId: string | undefined;

  constructor(
    code: ClaimcheckErrorCode,
    message: string,
    fields: ClaimcheckErrorFields = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.status = fields.status ?? 0;
    this.retryable = fields.retryable ?? false;
    this.detail = fields.detail;
    this.field = fields.field;
    this.retryAfterMs = fields.retryAfterMs;
    this.mediaObjectId = fields.mediaObjectId;
  }
}

export const networkError = (cause: unknown): ClaimcheckError =>
  new ClaimcheckError('network', 'The server can not be reached.', { retryable: true }, { cause });

const isProblemCode = (code: unknown): code is ProblemCode =>
  typeof code === 'string' && Object.hasOwn(PROBLEMS, code);

const CODE_OF_STATUS = new Map<number, ProblemCode>([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [413, 'too_large'],
  [429, 'rate_limited'],
  [502, 'unavailable'],
  [503, 'unavailable'],
  [504, 'unavailable'],
]);

/** A proxy in between answers without a code, and a newer server with one that is not known here. */
const codeOfStatus = (status: number): ProblemCode =>
  CODE_OF_STATUS.get(status) ?? (status >= 500 ? 'internal' : 'invalid_request');

/** The error that a code alone stands for, as in answers of sockets. */
export const errorOfCode = (code: string, detail?: string): ClaimcheckError => {
  const known = isProblemCode(code) ? code : 'internal';
  const { status, title, retryable } = PROBLEMS[known];
  return new ClaimcheckError(known, detail ?? title, { status, retryable, detail });
};

/** The error in an HTTP answer whose status is not a success; `body` is its text, problem document or not. */
export const errorOfAnswer = (status: number, body: string): ClaimcheckError =>
  errorOfProblem({ ...parseProblem(body), status });

export const errorOfProblem = (problem: Partial<Problem> & { status: number }): ClaimcheckError => {
  const code = isProblemCode(problem.code) ? problem.code : codeOfStatus(problem.status);
  const { title, retryable } = PROBLEMS[code];
  return new ClaimcheckError(code, problem.detail ?? problem.title ?? title, {
    status: problem.status,
    retryable: problem.retryable ?? retryable,
    detail: problem.detail,
    field: problem.field,
    retryAfterMs: problem.retry_after_ms,
    mediaObjectId: problem.media_object_id,
  });
};

const parseProblem = (body: string): Partial<Problem> => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
};
