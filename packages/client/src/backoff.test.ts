import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('each failure lengthens the wait, up to half a minute, and clients wait different times', () => {
  const longest = (failures: number) => backoffMs(failures, () => 0.999_999);
  expect([1, 2, 3, 4].map(longest)).toEqual([500, 1_000, 2_000, 4_000]);
  expect(longest(50)).toBe(30_000);
  expect(backoffMs(3, () => 0)).toBe(1_000);
});
