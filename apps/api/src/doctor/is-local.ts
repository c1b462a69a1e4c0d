const INTERNAL_NAME = /^(localhost|[^.]+|.*\.(svc|local|internal|localhost)|.*\.svc\..*)$/i;
/** As `URL` writes them: an IPv4 address inside an IPv6 one is in hexadecimal. */
const LOOPBACK = /^(127\.|0\.0\.0\.0$|\[::1?\]$|\[::ffff:(7f|0:0\]$))/;

/** Returns whether only this machine, or a container network, can resolve the host of a URL. */
export const isLocal = (url: string): boolean => {
  const host = new URL(url).hostname.replace(/\.$/, '');
  return LOOPBACK.test(host) || (!host.startsWith('[') && INTERNAL_NAME.test(host));
};
