import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** No deployment has more proxies in a row; a header of this many entries is never too short. */
export const MAX_PROXY_HOPS = 10;

/** Cloud balancers append ports to addresses: `192.0.2.1:50000`, `[2001:db8::1]:50000`. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/;

/** A provider gives one customer a /64 or more, and the customer may use any address in it. */
const GROUPS_OF_A_NETWORK = 4;

/** Private networks, whose addresses only hosts in the same network or container host have. */
const INSIDE = ['private', 'loopback', 'linkLocal', 'uniqueLocal', 'carrierGradeNat'];

/**
 * Returns the network that a client counts as: an IPv4 address, even if written as IPv6 (`::ffff:192.0.2.1`), or the /64
 * network of an IPv6 address, in one spelling each.
 *
 * @returns undefined for a text that is not an address
 */
export const networkOf = (text: string): string | undefined => {
  const [, inBrackets, beforePort] = WITH_PORT.exec(text) ?? [];
  const address = inBrackets ?? beforePort ?? text;
  // Stricter than the parser, which also accepts `1` and `0x7f.1`.
  if (isIP(address) === 0) return undefined;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4 || parsed.range() === 'loopback') return parsed.toString();
  const network = parsed.parts.slice(0, GROUPS_OF_A_NETWORK);
  return `${new ipaddr.IPv6([...network, 0, 0, 0, 0])}/64`;
};

/** Returns whether a {@link networkOf} belongs to nearby machines only. */
export const isInsideNetwork = (network: string): boolean => {
  const [address = ''] = network.split('/');
  return isIP(address) !== 0 && INSIDE.includes(ipaddr.process(address).range());
};
