import { type DestinationStream, type Logger, pino } from 'pino';
import { currentRequestId } from './request-id.ts';

export type { Logger };

/**
 * Creates a logger of JSON lines on standard output; lines of a request have its `request_id`. Secrets stay out because no
 * code logs them; the redaction is a second safeguard for request headers.
 *
 * @param destination takes the lines instead of standard output
 */
export const createLogger = (app: string, level: string, destination?: DestinationStream): Logger =>
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
    // Without a length, `flush` would not wait at all.
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 1 }),
  );
