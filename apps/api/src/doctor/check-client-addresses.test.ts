import { expect, test } from 'vitest';
import { judgeAddress } from './check-client-addresses.ts';

const PUBLIC = 'https://sockets.example.org';

test.each([
  ['the forged one', PUBLIC, '192.0.2.77', 'failed', /escapes every limit/],
  ['the forged one, even here', 'http://127.0.0.1:8081', '192.0.2.77', 'failed', /escapes every limit/],
  ["a proxy's", PUBLIC, '10.42.0.7', 'warning', /counts as 10\.42\.0\.7, an address inside/],
  ["a proxy's, IPv6", PUBLIC, 'fd00:1::/64', 'warning', /an address inside/],
  ['loopback, where nothing is public', 'http://localhost:8081', '127.0.0.1', 'ok', /as 127\.0\.0\.1/],
  ["a client's", PUBLIC, '203.0.113.9', 'ok', /as 203\.0\.113\.9, whatever/],
  ["a client's, IPv6", PUBLIC, '2001:db8:1:2::/64', 'ok', /whatever it writes/],
])('%s', (_, url, address, verdict, detail) => {
  expect(judgeAddress(url, address)).toMatchObject({
    name: 'client addresses',
    verdict,
    detail: expect.stringMatching(detail),
  });
});
