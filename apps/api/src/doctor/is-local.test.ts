import { expect, test } from 'vitest';
import { isLocal } from './is-local.ts';

test.each([
  'http://localhost:8080',
  'http://127.0.0.1:9000',
  'http://localhost.:8080',
  'http://[::1]:9000',
  'http://[::]:9000',
  'http://[::ffff:127.0.0.1]:9000',
  'http://[::ffff:0.0.0.0]:9000',
  'http://0.0.0.0:9000',
  'http://minio:9000',
  'http://store.media.svc.cluster.local',
  'http://store.media.svc',
  'http://nas.local',
])('%s is local', (url) => expect(isLocal(url)).toBe(true));

test.each([
  'https://media.example',
  'https://media.example.',
  'http://203.0.113.7:9000',
  'https://[2001:db8::1]',
  'https://[::ffff:203.0.113.7]',
])('%s may be public', (url) => expect(isLocal(url)).toBe(false));
