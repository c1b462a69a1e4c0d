import { expect, test } from 'vitest';
import { ConnectionCounts } from './connection-counts.ts';

test('each key gets its maximum and no more; releasing a slot twice frees one', () => {
  const counts = new ConnectionCounts(2);
  const [first] = [counts.add('ann'), counts.add('ann')];
  expect(counts.isFull('ann')).toBe(true);
  expect(counts.isFull('ben')).toBe(false);
  first?.();
  first?.();
  expect(counts.isFull('ann')).toBe(false);
  counts.add('ann');
  expect(counts.isFull('ann')).toBe(true);
});
