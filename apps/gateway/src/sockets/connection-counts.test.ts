import { expect, test } from 'vitest';
import { ConnectionCounts } from './connection-counts.ts';

test('each key has so many and no more, and gets back what it gives back once', () => {
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
