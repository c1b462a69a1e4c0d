import { expect, test } from 'vitest';
import { describeLink } from './check-transport.ts';

const link = { server: 'store' as const, fix: 'use TLS' };

test.each([
  ['https://s3.example.org', true, 'ok', 'TLS'],
  ['http://127.0.0.1:7070', false, 'ok', 'plain, inside'],
  ['http://versitygw:7070', false, 'ok', 'plain, inside'],
  ['http://s3.example.org', false, 'warning', 'plain: anybody between here and s3.example.org'],
])('the link to %s is named', (url, isEncrypted, verdict, says) => {
  const check = describeLink({ ...link, url, isEncrypted });
  expect(check).toMatchObject({ name: 'transport of the store', verdict });
  expect(check.detail).toContain(says);
});
