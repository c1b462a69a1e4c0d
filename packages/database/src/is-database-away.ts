/** Prisma: not reachable, timed out, closed, no connection in time, no transaction in time. */
const PRISMA_AWAY = /^P(1001|1002|1008|1017|2024|2028)$/;
/** PostgreSQL: connection errors, too many connections, shutdown, a statement cancelled by its time-out. */
const POSTGRES_AWAY = /^(08...|53[34]00|57014|57P0[1-4]|25P03)$/;
const SOCKET_AWAY =
  /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** Messages of pg and Prisma's adapter, which give these errors no code. */
const WORDS_AWAY =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable/i;

const codesOf = (error: object): string[] => {
  const { code, originalCode, kind } = error as Record<string, unknown>;
  return [code, originalCode, kind].filter((value) => typeof value === 'string');
};

/** Returns whether an error means that the database did not answer in time, rather than that it refused something. */
export const isDatabaseAway = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  const away = codesOf(error).some(
    (code) => PRISMA_AWAY.test(code) || POSTGRES_AWAY.test(code) || SOCKET_AWAY.test(code),
  );
  if (away) return true;
  // By its name: the class is part of Prisma's client, which may not be loaded.
  if (error instanceof Error && error.name === 'PrismaClientInitializationError') return true;
  if (error instanceof Error && WORDS_AWAY.test(error.message)) return true;
  const { cause, meta } = error as { cause?: unknown; meta?: { driverAdapterError?: unknown } };
  return isDatabaseAway(cause) || isDatabaseAway(meta?.driverAdapterError);
};
