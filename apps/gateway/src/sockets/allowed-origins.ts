const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** On the local machine a page is opened under either of its names. */
const withLoopbackNames = (origin: string): string[] => {
  const url = new URL(origin);
  if (!LOOPBACK_NAMES.includes(url.hostname)) return [url.origin];
  return LOOPBACK_NAMES.map((hostname) => {
    const alias = new URL(url);
    alias.hostname = hostname;
    return alias.origin;
  });
};

/**
 * Tells whether a page of `origin` may open a socket. Browsers always send the header, and pages cannot change it.
 * A client without it is not a browser, so no page's credentials are at stake.
 *
 * @param urls addresses of pages; `*` allows every origin
 */
export const createOriginCheck = (urls: readonly string[]): ((origin: string | undefined) => boolean) => {
  const all = urls.includes('*');
  const allowed = new Set(urls.filter((url) => url !== '*').flatMap(withLoopbackNames));
  return (origin) => all || origin === undefined || allowed.has(origin);
};
