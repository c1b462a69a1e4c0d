import { expect, test } from 'vitest';
import { readBrokerAddress } from './broker-address.ts';

test.each([
  ['nats://127.0.0.1:4222', { servers: ['nats://127.0.0.1:4222'], isTls: false }],
  ['broker:4222, other', { servers: ['nats://broker:4222', 'nats://other'], isTls: false }],
  [
    'tls://worker:p%40ss%2Fword@a:4222,tls://b:4222',
    { servers: ['tls://a:4222', 'tls://b:4222'], isTls: true, user: 'worker', pass: 'p@ss/word' },
  ],
  ['nats://[::1]:4222', { servers: ['nats://[::1]:4222'], isTls: false }],
])('%s', (text, address) => {
  expect(readBrokerAddress(text)).toEqual(address);
});

test.each([
  ['http://broker:4222', 'nats:// or tls://'],
  ['tls://a:4222,nats://b:4222', 'for every server'],
])('%s is refused', (text, words) => {
  expect(() => readBrokerAddress(text)).toThrow(words);
});
