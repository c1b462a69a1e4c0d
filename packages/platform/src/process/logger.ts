import { type Logger, pino } from 'pino';
import { currentRequestId } from './request-id.ts';

export type { Logger };

/**
 * Creates a logger of JSON lines on standard output; lines of a request have its `request_id`. Secrets are kept out
 * by not logging them; the redaction is a second net for request headers.
 */
export const createLogger = (app: string, level: string): Logger =>
  pino(
    {
      level,
      base: { app },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['headers.authorization', 'headers.cookie', '*.headers.authorization', 'token', '*.token'],
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const request_id = currentRequestId();
        return request_id === undefined ? {} : { request_id };
      },
    },
    // With no length `flush` would wait for nothing.
    pino.destination({ dest: 1, sync: false, minLength: 1 }),
  );
