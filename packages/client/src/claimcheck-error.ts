import { PROBLEMS, type Problem, type ProblemCode } from '@claimcheck/contracts/errors';

/** Codes of errors that only a client can detect. */
export type ClientErrorCode =
  /** The server did not answer. */
  | 'network'
  /** The client was to send bytes directly to the storage, which did not answer. */
  | 'storage_unreachable'
  | 'cancelled'
  /** `getToken` failed or returned nothing. */
  | 'token_missing'
  /** `baseUrl` answered, but is not a Claimcheck API. */
  | 'wrong_address'
  /** An option has an impossible value. */
  | 'invalid_option'
  /** The browser, or this version of Node, lacks a feature that the SDK needs. */
  | 'unsupported'
  /** A proxy between client and server refuses requests of this size; the SDK then tries smaller ones. */
  | 'request_too_large'
  /** `stripLocation` cannot remove the location from this kind of file. */
  | 'location_kept'
  /** After a reload, the upload needs the file's bytes again. */
  | 'file_missing'
  /** The file differs from the one the upload started with. */
  | 'file_changed';

/** The server's problem codes, and the codes that only a client can detect. */
export type ClaimcheckErrorCode = ProblemCode | ClientErrorCode;

interface ClaimcheckErrorFields {
  /** HTTP status; 0 without an answer. */
  status?: number;
  /** Whether the same request may succeed later, unchanged. */
  retryable?: boolean;
  detail?: string | undefined;
  field?: string | undefined;
  retryAfterMs?: number | undefined;
  mediaObjectId?: string | undefined;
}

/** Every failure of the SDK: either a problem document of the server or a code of the SDK. */
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

/** The message is for the user, `detail` for the developer. */
export const networkError = (cause: unknown, url?: URL): ClaimcheckError =>
  new ClaimcheckError(
    'network',
    'The server cannot be reached.',
    {
      retryable: true,
      detail: `No answer from ${url?.origin ?? 'the server'}. If it stays so: is baseUrl right, and is the page's origin in the api's CORS_ORIGINS?`,
    },
    { cause },
  );

export const cancelledError = (): ClaimcheckError => new ClaimcheckError('cancelled', 'This was cancelled.');

/** Turns any thrown value into a `ClaimcheckError`. */
export const toClaimcheckError = (error: unknown): ClaimcheckError =>
  error instanceof ClaimcheckError
    ? error
    : new ClaimcheckError(
        'internal',
        error instanceof Error ? error.message : String(error),
        {},
        { cause: error },
      );

const isProblemCode = (code: unknown): code is ProblemCode =>
  typeof code === 'string' && Object.hasOwn(PROBLEMS, code);

const TOO_LARGE = 413;
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

/** A proxy in between answers without a code; a newer server may answer with a code unknown here. */
const codeOfStatus = (status: number): ProblemCode =>
  CODE_OF_STATUS.get(status) ?? (status >= 500 ? 'internal' : 'invalid_request');

/** Returns the error for a bare code, as sockets send it. */
export const errorOfCode = (code: string, detail?: string): ClaimcheckError => {
  const known = isProblemCode(code) ? code : 'internal';
  const { status, title, retryable } = PROBLEMS[known];
  return new ClaimcheckError(known, detail ?? title, { status, retryable, detail });
};

/** Returns the error for an HTTP answer that is not a success. `body` is its text, problem document or not. */
export const errorOfAnswer = (status: number, body: string): ClaimcheckError =>
  errorOfProblem({ ...parseProblem(body), status });

export const errorOfProblem = (problem: Partial<Problem> & { status: number }): ClaimcheckError => {
  if (problem.status === TOO_LARGE && problem.code === undefined) return requestTooLarge();
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

const requestTooLarge = (): ClaimcheckError =>
  new ClaimcheckError('request_too_large', 'A proxy refuses requests of this size.', {
    status: TOO_LARGE,
    detail: 'Raise the limit of the proxy in front of the api, or set it as MAX_REQUEST_BYTES.',
  });

const parseProblem = (body: string): Partial<Problem> => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
};
