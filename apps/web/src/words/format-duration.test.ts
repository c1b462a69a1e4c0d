import { expect, test } from 'vitest';
import { formatDuration } from './format-duration.ts';

test.each([
  [0.2, '1 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [80, '1 min 20 s'],
  [7_500, '2 h 5 min'],
])('%d seconds are %s', (seconds, words) => {
  expect(formatDuration(seconds)).toBe(words);
});
