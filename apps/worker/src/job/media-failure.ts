import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';

/** The media object can't be processed; becomes a final response and is not tried again by itself. */
export class MediaFailure extends Error {
  readonly code: FailureCode;
  /** Whether a new epoch may succeed with the same bytes. */
  readonly retryable: boolean;
  /** For the log only: it may quote a hostile file. */
  readonly detail: string | undefined;

  constructor(code: FailureCode, options: { retryable?: boolean; detail?: string } = {}) {
    super(FAILURES[code]);
    this.name = 'MediaFailure';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.detail = options.detail?.slice(0, 500);
  }
}
