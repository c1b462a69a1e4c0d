import { list } from './config.ts';

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

const ADDRESS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/;
const isWeb = (scheme: string): boolean => scheme === 'http' || scheme === 'https';

/**
 * Returns the origin of an address as browsers and web views send it: without path and default port, in lower case.
 * `*` and `null`, the origin of pages without one, stay. Undefined: no page has such an origin.
 */
const originOf = (address: string): string | undefined => {
  if (address === '*' || address.toLowerCase() === 'null') return address.toLowerCase();
  const [, scheme = '', host = ''] = ADDRESS.exec(address.toLowerCase()) ?? [];
  // Some web views send `file://` where browsers send `null`.
  if (scheme === 'file') return host === '' ? 'file://' : undefined;
  // A wildcard for subdomains would match no page.
  if (host === '' || /[*@\s\\]/.test(host)) return undefined;
  const origin = `${scheme}://${host}`;
  if (!URL.canParse(origin)) return undefined;
  // URL knows no origin for other schemes, such as `capacitor`.
  return isWeb(scheme) ? new URL(origin).origin : origin;
};

/** Returns the origin under each name of the local machine: a page there opens under any of them. */
const withLoopbackNames = (origin: string): string[] => {
  const [scheme = ''] = origin.split(':');
  if (!isWeb(scheme) || !LOOPBACK_NAMES.includes(new URL(origin).hostname)) return [origin];
  return LOOPBACK_NAMES.map((hostname) => {
    const alias = new URL(origin);
    alias.hostname = hostname;
    return alias.origin;
  });
};

/** Returns every origin that pages at these addresses may send, each once; `*` stays, and means all. */
export const originsOf = (addresses: readonly string[]): string[] => [
  ...new Set(
    addresses
      .map(originOf)
      .filter((origin) => origin !== undefined)
      .flatMap(withLoopbackNames),
  ),
];

/** Variables that api and gateway share: a page whose socket opens can also upload. */
export const originVariables = {
  CORS_ORIGINS: list
    .refine(
      (addresses) => addresses.every((address) => originOf(address) !== undefined),
      'must be * or origins such as https://chat.example, capacitor://localhost or null, without wildcards',
    )
    .transform((addresses) => [...new Set(addresses.map(originOf).filter((origin) => origin !== undefined))])
    .default([])
    .describe(
      'Origins of other pages and web views that may call, comma-separated, such as `https://chat.example,capacitor://localhost`; `null` for pages of files, or `*` for all. Paths are ignored.',
    ),
};
