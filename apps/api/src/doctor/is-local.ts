const INTERNAL_NAME = /^(localhost|[^.]+|.*\.(svc|local|internal|localhost)|.*\.svc\..*)$/i;
const LOOPBACK = /^(127\.|\[::1\]$|0\.0\.0\.0$)/;

/** Whether only this machine, or a container network, knows the host of a URL. */
export const isLocal = (url: string): boolean => {
  const { hostname } = new URL(url);
  if (hostname.startsWith('[')) return LOOPBACK.test(hostname);
  return INTERNAL_NAME.test(hostname) || LOOPBACK.test(hostname);
};
