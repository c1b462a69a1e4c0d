import { expect, test } from 'vitest';
import { createClientAddress } from './client-address.ts';

const PROXY = '10.0.0.9';

const addressOf = (hops: number, forwarded?: string | string[]): string =>
  createClientAddress(hops)({
    // Node joins repeated headers itself; the type allows for a list.
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded as string },
    socket: { remoteAddress: PROXY },
  });

test.each([
  ['none: the header is ignored', 0, '192.0.2.1', PROXY],
  ['one: the last entry', 1, '192.0.2.1', '192.0.2.1'],
  ['one: what stands before it is the client’s own invention', 1, '198.51.100.7, 192.0.2.1', '192.0.2.1'],
  ['two: the one before the last', 2, '198.51.100.7,192.0.2.1 ,10.0.0.8', '192.0.2.1'],
  ['two, and too few entries', 2, '198.51.100.7', PROXY],
  ['one, and no header', 1, undefined, PROXY],
  ['one, and no address', 1, '192.0.2.1, unknown', PROXY],
  ['one, and an empty header', 1, '', PROXY],
  ['two, and the header twice', 2, ['198.51.100.7', '192.0.2.1, 10.0.0.8'], '192.0.2.1'],
  ['one: IPv6 by its network', 1, '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
])('proxies in front: %s', (_, hops, forwarded, address) => {
  expect(addressOf(hops, forwarded)).toBe(address);
});

test('a socket that is gone already', () => {
  expect(createClientAddress(0)({ headers: {}, socket: {} })).toBe('unknown');
});
