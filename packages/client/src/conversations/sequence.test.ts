import { expect, test } from 'vitest';
import { Sequence } from './sequence.ts';

test('events in order are delivered, repeated ones are not', () => {
  const sequence = new Sequence(4);
  expect([5, 6, 6, 5, 3, 7].map((seq) => sequence.offer(seq))).toEqual([
    'next',
    'next',
    'seen',
    'seen',
    'seen',
    'next',
  ]);
  expect(sequence.last).toBe(7);
});

test('an event that comes too early is a gap until it and all before it have come', () => {
  const sequence = new Sequence(0);
  expect(sequence.offer(3)).toBe('gap');
  expect(sequence.last).toBe(0);
  expect(sequence.hasGap).toBe(true);
  expect([1, 2].map((seq) => sequence.offer(seq))).toEqual(['next', 'next']);
  expect(sequence.hasGap).toBe(true);
  expect(sequence.offer(3)).toBe('next');
  expect(sequence.hasGap).toBe(false);
});
