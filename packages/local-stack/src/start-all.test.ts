import { once } from 'node:events';
import { expect, it } from 'vitest';
import { startAll } from './start-all.ts';

it('returns the results in order', async () => {
  const results = await startAll<[string, number]>([async () => 'a', async () => 2], async () => undefined);
  expect(results).toEqual(['a', 2]);
});

it('aborts the others, undoes what did start, and throws the first failure', async () => {
  const undone: string[] = [];
  const starting = startAll<[string, string, string]>(
    [
      async () => 'started',
      async () => {
        throw new Error('first');
      },
      async (signal) => {
        await once(signal, 'abort');
        throw new Error('second');
      },
    ],
    async (result) => void undone.push(result),
  );
  await expect(starting).rejects.toThrow('first');
  expect(undone).toEqual(['started']);
});

it('undoes everything when the signal fired while all started', async () => {
  const undone: number[] = [];
  const stop = new AbortController();
  const starting = startAll<[number]>(
    [
      async () => {
        stop.abort();
        return 1;
      },
    ],
    async (result) => void undone.push(result),
    stop.signal,
  );
  await expect(starting).rejects.toMatchObject({ name: 'AbortError' });
  expect(undone).toEqual([1]);
});
