// Lets each name below the reserved domain `test` (RFC 6761) lead to this machine: imported by a test, or by an app with
// `NODE_OPTIONS=--import=…`.
import dns from 'node:dns';

type Lookup = (hostname: string, ...rest: unknown[]) => void;

const lookup = dns.lookup as Lookup;

Object.assign(dns, {
  lookup: (hostname: string, ...rest: unknown[]) =>
    lookup(hostname.endsWith('.test') ? '127.0.0.1' : hostname, ...rest),
});
