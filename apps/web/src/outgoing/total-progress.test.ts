import { expect, test } from 'vitest';
import { totalProgress } from './total-progress.ts';

test('parallel uploads add up, and finished ones have no speed', () => {
  const total = totalProgress([
    { sentBytes: 100, totalBytes: 100, bytesPerSecond: 50 },
    { sentBytes: 20, totalBytes: 100, bytesPerSecond: 10 },
    { sentBytes: 0, totalBytes: 100, bytesPerSecond: 0 },
  ]);
  expect(total).toEqual({ sentBytes: 120, totalBytes: 300, bytesPerSecond: 10, remainingMs: 18_000 });
});

test('the remaining time is unknown while no byte is sent', () => {
  expect(totalProgress([{ sentBytes: 0, totalBytes: 100, bytesPerSecond: 0 }]).remainingMs).toBeUndefined();
});
