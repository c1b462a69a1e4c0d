import { MEDIA_STATES, SETTLED, TOMBSTONES } from '@claimcheck/contracts/media';
import { expect, test } from 'vitest';
import { mayBecome, TRANSITIONS } from './transitions.ts';

test('tombstones are never left', () => {
  for (const from of TOMBSTONES) expect(TRANSITIONS[from]).toEqual([]);
});

test('everything else can be blocked and deleted', () => {
  for (const from of MEDIA_STATES.filter((state) => !TOMBSTONES.includes(state)))
    expect([mayBecome(from, 'blocked'), mayBecome(from, 'deleted')], from).toEqual([true, true]);
});

test('every state has a path to a settled one', () => {
  for (const start of MEDIA_STATES) {
    const seen = new Set([start]);
    for (const state of seen) for (const next of TRANSITIONS[state]) seen.add(next);
    expect(
      [...seen].some((state) => SETTLED.includes(state)),
      start,
    ).toBe(true);
  }
});

test.each([
  ['pending', 'ready'],
  ['uploading', 'ready'],
  ['ready', 'processing'],
  ['failed', 'ready'],
  ['ready', 'failed'],
] as const)('%s never becomes %s', (from, to) => {
  expect(mayBecome(from, to)).toBe(false);
});
