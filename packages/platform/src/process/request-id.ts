import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

/** Visible, short, and without characters that have a meaning in a log or a header. */
const SANE = /^[A-Za-z0-9._~+/=:@-]{1,128}$/;

/** Returns the caller's id if it is sane, otherwise a new one. @param given from the header X-Request-Id */
export const requestIdFrom = (given: string | undefined): string =>
  given !== undefined && SANE.test(given) ? given : randomUUID();

/** Runs work whose log lines all have this request's id. */
export const withRequestId = <Result>(id: string, work: () => Result): Result => current.run(id, work);

/** Returns the id of the request for which this code runs, if any. */
export const currentRequestId = (): string | undefined => current.getStore();
