import { expect, test } from 'vitest';
import { readBrokerAddress } from './broker-address.ts';

test.each([
  ['nats://127.0.0.1:4222', { servers: ['nats://127.0.0.1:4222'] }],
  ['broker:4222, other', { servers: ['nats://broker:4222', 'nats://other'] }],
  [
    'tls://worker:p%40ss%2Fword@a:4222,tls://b:4222',
    { servers: ['tls://a:4222', 'tls://b:4222'], user: 'worker', pass: 'p@ss/word' },
  ],
  ['nats://[::1]:4222', { servers: ['nats://[::1]:4222'] }],
])('%s', (text, address) => {
  expect(readBrokerAddress(text)).toEqual(address);
});

test('what is not an address is refused', () => {
  expect(() => readBrokerAddress('nats://user:secret@')).toThrow();
});
