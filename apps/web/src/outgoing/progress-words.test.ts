import { expect, test } from 'vitest';
import { percentOf, progressWords } from './progress-words.ts';

const MIB = 1024 * 1024;

test('known values are shown', () => {
  const progress = { sentBytes: MIB, totalBytes: 4 * MIB, bytesPerSecond: 0 };
  expect(progressWords(progress)).toBe('1 MiB of 4 MiB');
  expect(progressWords({ ...progress, bytesPerSecond: MIB / 2, remainingMs: 6_000 })).toBe(
    '1 MiB of 4 MiB · 512 KiB/s · 6 s left',
  );
});

test('a completely sent upload has no speed', () => {
  const done = { sentBytes: MIB, totalBytes: MIB, bytesPerSecond: MIB, remainingMs: 0 };
  expect(progressWords(done)).toBe('1 MiB of 1 MiB');
  expect(percentOf(done)).toBe(100);
});

test('an empty file is complete', () => {
  expect(percentOf({ sentBytes: 0, totalBytes: 0, bytesPerSecond: 0 })).toBe(100);
});
