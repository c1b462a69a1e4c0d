import { describe, expect, test } from 'vitest';
import { isInsideNetwork, networkOf } from './client-network.ts';

describe('networkOf', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:50000', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]:50000', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::1', '::1'],
  ])('%s counts as %s', (text, network) => expect(networkOf(text)).toBe(network));

  test.each(['', 'unknown', '_hidden', '1', '0x7f.1', '192.0.2', '192.0.2.256', '192.0.2.1, ', 'a.example'])(
    '%j is not an address',
    (text) => expect(networkOf(text)).toBeUndefined(),
  );
});

describe('isInsideNetwork', () => {
  const inside = ['10.1.2.3', '172.17.0.1', '192.168.0.9', '100.64.0.1', '127.0.0.1', '169.254.1.1', '::1'];
  test.each([...inside, 'fd00:1::/64', 'fe80::/64'])('%s', (network) =>
    expect(isInsideNetwork(network)).toBe(true),
  );

  test.each(['192.0.2.77', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8:1:2::/64', 'unknown'])(
    'not %s',
    (network) => expect(isInsideNetwork(network)).toBe(false),
  );
});
