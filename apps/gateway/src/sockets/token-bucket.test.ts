import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

test('a bucket allows a burst, then the rate, and never more than its capacity', () => {
  let now = 0;
  const bucket = new TokenBucket(3, 2, () => now);
  expect([bucket.take(), bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, true, false]);
  now = 499;
  expect(bucket.take()).toBe(false);
  now = 500;
  expect(bucket.take()).toBe(true);
  expect(bucket.take()).toBe(false);
  now = 1_000_000;
  expect([bucket.take(), bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, true, false]);
});
