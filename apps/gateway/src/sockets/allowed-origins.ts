import { originsOf } from '@claimcheck/platform/process/origins';

/**
 * Returns whether a page of `origin` may open a socket. Browsers always send the header, and pages cannot change it. A client
 * without it is not a browser, so no page's credentials are at stake.
 *
 * @param urls addresses of pages; `*` allows every origin
 */
export const createOriginCheck = (urls: readonly string[]): ((origin: string | undefined) => boolean) => {
  const allowed = new Set(originsOf(urls));
  const all = allowed.has('*');
  return (origin) => all || origin === undefined || allowed.has(origin);
};
