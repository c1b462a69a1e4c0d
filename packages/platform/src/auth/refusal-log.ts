import type { Logger } from '../process/logger.ts';
import type { TokenError, TokenRefusal } from './token-error.ts';

const EVERY_MS = 10_000;

/** Logs refused tokens with their reason: at most one line for each reason in ten seconds, with a count of the rest. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #recent = new Map<TokenRefusal, { at: number; suppressed: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param context fields for the log line, such as a request id; never the token */
  record(error: TokenError, context: object = {}): void {
    const now = performance.now();
    const last = this.#recent.get(error.reason);
    if (last !== undefined && now - last.at < EVERY_MS) {
      last.suppressed += 1;
      return;
    }
    this.#recent.set(error.reason, { at: now, suppressed: 0 });
    // Tokens expire in normal operation.
    const level = error.reason === 'token_expired' ? 'debug' : 'warn';
    const suppressed = last?.suppressed ?? 0;
    this.#logger[level](
      { ...context, reason: error.reason, detail: error.message, suppressed },
      'token refused',
    );
  }
}
