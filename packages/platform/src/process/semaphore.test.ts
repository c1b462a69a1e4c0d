import { expect, test } from 'vitest';
import { Semaphore } from './semaphore.ts';

test('a semaphore never admits more than its size, in order, even after failures', async () => {
  const semaphore = new Semaphore(3);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      semaphore.run(async () => {
        started.push(index);
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
        if (index % 4 === 0) throw new Error('on purpose');
        return index;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(running).toBe(0);
  expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(5);
  expect(await semaphore.run(async () => 'still works')).toBe('still works');
});
