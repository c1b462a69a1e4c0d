import { expect, test } from 'vitest';
import { totalProgress } from './total-progress.ts';

test('uploads side by side add up, and what is done has no speed', () => {
  const total = totalProgress([
    { sentBytes: 100, totalBytes: 100, bytesPerSecond: 50 },
    { sentBytes: 20, totalBytes: 100, bytesPerSecond: 10 },
    { sentBytes: 0, totalBytes: 100, bytesPerSecond: 0 },
  ]);
  expect(total).toEqual({ sentBytes: 120, totalBytes: 300, bytesPerSecond: 10, remainingMs: 18_000 });
});

test('the time left is unknown while no byte goes', () => {
  expect(totalProgress([{ sentBytes: 0, totalBytes: 100, bytesPerSecond: 0 }]).remainingMs).toBeUndefined();
});
