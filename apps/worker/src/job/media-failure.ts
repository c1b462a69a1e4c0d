import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';

/** The media object cannot be processed; becomes a final response. */
export class MediaFailure extends Error {
  readonly code: FailureCode;
  /**
   * Whether the cause is temporary: then the api repeats the request later. A time limit is no temporary cause: the same bytes
   * would take a worker's time again.
   */
  readonly retryable: boolean;
  /** For the log only: it may quote a hostile file. */
  readonly detail: string | undefined;
  /** The type that the bytes have, if the worker read them. */
  readonly contentType: string | undefined;

  constructor(
    code: FailureCode,
    options: { retryable?: boolean; detail?: string; contentType?: string | undefined } = {},
  ) {
    super(FAILURES[code]);
    this.name = 'MediaFailure';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.contentType = options.contentType;
    this.detail = options.detail?.slice(0, 500);
  }

  /** Returns the same failure of a file whose type is known. */
  of(contentType: string): MediaFailure {
    const { code, retryable, detail } = this;
    return new MediaFailure(code, {
      retryable,
      contentType: this.contentType ?? contentType,
      ...(detail === undefined ? {} : { detail }),
    });
  }
}
