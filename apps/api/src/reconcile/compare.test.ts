import { expect, test } from 'vitest';
import { compare } from './compare.ts';
import type { KnownMedia } from './known-media.ts';

const idOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

const known = (number: number): KnownMedia => {
  const id = idOf(number);
  return {
    id,
    state: 'ready',
    applied_epoch: 1,
    shown_epochs: [],
    source_key: `${id}/source`,
    is_referenced: true,
    is_open: false,
    expected: [`${id}/e1/medium.webp`, `${id}/source`],
  };
};

const object = (key: string) => ({ key, size_bytes: 1, last_modified: new Date(0) });

test('comparing a million objects with half a million rows takes the memory of a few', async () => {
  const MEDIA = 500_000;
  // Every 1,000th lost its derivative; every 1,001st has an object that no row names.
  const objects = async function* () {
    for (let number = 0; number < MEDIA; number += 1) {
      const id = idOf(number);
      if (number % 1_001 === 0) yield object(`${id}/e0/medium.webp`);
      if (number % 1_000 !== 0) yield object(`${id}/e1/medium.webp`);
      yield object(`${id}/source`);
    }
  };
  const media = async function* () {
    for (let number = 0; number < MEDIA; number += 1) yield known(number);
  };
  const counts = { orphan: 0, foreign: 0, missing: 0, needed: 0 };
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  for await (const { finding } of compare(objects(), media())) {
    counts[finding] += 1;
    if (counts.needed % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  expect(counts).toEqual({ orphan: 500, foreign: 0, missing: 500, needed: 999_500 });
  // Uncollected garbage belongs to a few thousand findings; all of them would take 200 MB.
  expect(most).toBeLessThan(100 * 1_024 ** 2);
}, 60_000);

test('a storage that lists in another order is refused', async () => {
  const objects = async function* () {
    yield object(`${idOf(2)}/source`);
    yield object(`${idOf(1)}/source`);
  };
  const media = async function* () {
    yield known(1);
  };
  const run = async () => {
    for await (const _ of compare(objects(), media()));
  };
  await expect(run()).rejects.toThrow(/in order/);
});
