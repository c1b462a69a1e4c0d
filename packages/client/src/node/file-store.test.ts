import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryStore } from '../store/memory-store.ts';
import { fileStore } from './file-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const STORES = { memory: () => memoryStore(), file: () => fileStore(join(folder, 'not', 'made', 'yet')) };

test.each(['memory', 'file'] as const)('%s: keeps, lists in order by prefix, forgets', async (kind) => {
  const store = STORES[kind]();
  expect(await store.get('a|1')).toBeUndefined();
  expect(await store.list('a|')).toEqual([]);
  await store.set('a|2', { text: 'two' });
  await store.set('a|1', { text: 'one' });
  await store.set('b|../../1', { text: 'other' });
  await store.set('a|1', { text: 'first' });
  expect(await store.list('a|')).toEqual([
    ['a|1', { text: 'first' }],
    ['a|2', { text: 'two' }],
  ]);
  await store.delete('a|1');
  await store.delete('a|1');
  expect(await store.list('a|')).toEqual([['a|2', { text: 'two' }]]);
  expect(await store.get('b|../../1')).toEqual({ text: 'other' });
});

test('another process finds the entries of an earlier one', async () => {
  await fileStore(folder).set('a|1', { text: 'one' });
  expect(await fileStore(folder).get('a|1')).toEqual({ text: 'one' });
});
