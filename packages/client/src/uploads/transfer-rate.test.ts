import { expect, test } from 'vitest';
import { TransferRate } from './transfer-rate.ts';

test('a steady stream has a speed and a remaining time', () => {
  const rate = new TransferRate();
  expect([rate.bytesPerSecond, rate.remainingMs(100)]).toEqual([0, undefined]);
  for (let second = 0; second <= 5; second += 1) rate.add(second * 1_000, second * 1_000);
  expect([rate.bytesPerSecond, rate.remainingMs(2_500)]).toEqual([1_000, 2_500]);
});

test('a pause does not count as slowness, nor repeated bytes as speed', () => {
  const rate = new TransferRate();
  rate.add(0, 0);
  rate.add(1_000, 1_000);
  rate.restart();
  rate.add(1_000, 60_000);
  rate.add(500, 60_500);
  rate.add(1_500, 61_500);
  expect(rate.bytesPerSecond).toBe(1_000);
});
