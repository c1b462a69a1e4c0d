import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';

/** The media object can't be processed; becomes a final response. */
export class MediaFailure extends Error {
  readonly code: FailureCode;
  /**
   * Whether the cause may go away by itself: then the api has it done again later. A time limit is none:
   * the same bytes would take a worker's time again.
   */
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
