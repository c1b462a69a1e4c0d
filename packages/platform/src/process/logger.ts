import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * JSON lines on standard output. Secrets are kept out by not logging them; the redaction is a second net
 * for request headers.
 */
export const createLogger = (app: string, level: string): Logger =>
  pino({
    level,
    base: { app },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['headers.authorization', 'headers.cookie', '*.headers.authorization', 'token', '*.token'],
    formatters: { level: (label) => ({ level: label }) },
  });
