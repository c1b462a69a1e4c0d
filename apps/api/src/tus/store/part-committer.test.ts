import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StoredPrefix } from './part-committer.ts';

const partOf = (number: number) => ({ number, etag: `e${number}`, size_bytes: 1 });
const tailOf = (number: number) => ({ number, key: `t${number}`, size_bytes: 1 });

test('a missing part blocks all later ones, with their tails', () => {
  const prefix = new StoredPrefix(2);
  prefix.add(partOf(4), []);
  prefix.add(partOf(5), [tailOf(9)]);
  expect(prefix.take()).toBeUndefined();
  prefix.add(partOf(3), [tailOf(8)]);
  expect(prefix.take()).toEqual({
    last: 5,
    parts: [partOf(3), partOf(4), partOf(5)],
    tails: [tailOf(8), tailOf(9)],
  });
  expect(prefix.take()).toBeUndefined();
});

test('parts stored in any order are returned once and in order', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 8 }), (order) => {
      const prefix = new StoredPrefix(0);
      const given: number[] = [];
      for (const number of order) {
        prefix.add(partOf(number), []);
        given.push(...(prefix.take()?.parts ?? []).map((part) => part.number));
      }
      expect(given).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }),
  );
});
