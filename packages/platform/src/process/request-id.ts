import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

/** Visible, short, and nothing that means something in a log or a header. */
const SANE = /^[A-Za-z0-9._~+/=:@-]{1,128}$/;

/** The caller's id when it is sane, otherwise a new one. @param given as in the header X-Request-Id */
export const requestIdFrom = (given: string | undefined): string =>
  given !== undefined && SANE.test(given) ? given : randomUUID();

/** Runs work whose log lines all get this request's id. */
export const withRequestId = <Result>(id: string, work: () => Result): Result => current.run(id, work);

/** The request that this code runs for, if there is one. */
export const currentRequestId = (): string | undefined => current.getStore();
