import { expect, test } from 'vitest';
import { contentMd5 } from './content-md5.ts';

// Results of `openssl md5 -binary | base64` for this many letters "a".
test.each([
  [0, '1B2M2Y8AsgTpgAmY7PhCfg=='],
  [1, 'DMF1ucDxtqgxw5niaXcmYQ=='],
  [3_000_001, 'yQMlG+snM8Vo43qe3lMLHA=='],
])('%i bytes have the MD5 that openssl computes', async (size, expected) => {
  const { signal } = new AbortController();
  expect(await contentMd5(new Blob(['a'.repeat(size)]), signal)).toBe(expected);
});
