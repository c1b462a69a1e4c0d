/** The reason why a process cannot start, for an operator: one sentence, no stack. */
export class StartError extends Error {
  /** The message of the server or the connection. */
  readonly reason: string | undefined;

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
    this.reason = cause === undefined ? undefined : reasonOf(cause);
  }
}

const MAX_REASON = 300;

/** Returns the innermost of several messages, on one line. */
const reasonOf = (cause: unknown): string => {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  if (!(cause instanceof Error)) return String(cause);
  const lines = cause.message.split('\n').filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? cause.name).trim().slice(0, MAX_REASON);
};

/**
 * Runs the first request to a server that a process needs to start.
 *
 * @throws StartError that names the variable to check
 */
export const expectAnswer = async <Result>(
  server: { name: string; variable: string },
  request: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await request();
  } catch (error) {
    throw new StartError(`${server.name} (${server.variable}) does not answer`, error);
  }
};
