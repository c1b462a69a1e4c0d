import { expect, it } from 'vitest';
import { Budget } from './budget.ts';

const signal = new AbortController().signal;

/** Starts jobs that end on command. */
const startJobs = (budget: Budget) => {
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const jobs = new Map<string, Promise<void>>();
  return {
    log,
    start: (name: string, bytes: number) => {
      const work = () =>
        new Promise<void>((resolve) => {
          log.push(name);
          ends.set(name, resolve);
        });
      jobs.set(name, budget.with(bytes, signal, work));
    },
    end: async (name: string) => {
      ends.get(name)?.();
      await jobs.get(name);
    },
  };
};

it('jobs wait for their amount, in order if they would block each other', async () => {
  const budget = new Budget(100);
  const { log, start, end } = startJobs(budget);
  start('first', 80);
  start('large', 90);
  start('medium', 15);
  await expect.poll(() => log).toEqual(['first']);
  expect(budget.used).toBe(80);
  await end('first');
  // The medium one would have fitted before, but next to the large one it would not, and would delay it.
  await expect.poll(() => log).toEqual(['first', 'large']);
  await end('large');
  await expect.poll(() => log).toEqual(['first', 'large', 'medium']);
  await end('medium');
  expect(budget.used).toBe(0);
});

it('small jobs overtake a large one only within the space that it leaves free', async () => {
  const budget = new Budget(100);
  const { log, start, end } = startJobs(budget);
  start('first', 60);
  start('large', 80);
  for (const name of ['a', 'b', 'c']) start(name, 10);
  await expect.poll(() => log).toEqual(['first', 'a', 'b']);
  await end('a');
  await expect.poll(() => log).toEqual(['first', 'a', 'b', 'c']);
  // Although small ones run all the time, the large one starts as soon as the first has ended.
  await end('first');
  await expect.poll(() => log).toEqual(['first', 'a', 'b', 'c', 'large']);
  for (const name of ['b', 'c', 'large']) await end(name);
  expect(budget.used).toBe(0);
});

it('continues when a waiting job is aborted, and when a job fails', async () => {
  const budget = new Budget(10);
  const leaving = new AbortController();
  const failing = budget.with(10, signal, async () => {
    leaving.abort(new Error('stop'));
    throw new Error('broken');
  });
  const gone = budget.with(10, leaving.signal, async () => 'never');
  await expect(failing).rejects.toThrow('broken');
  await expect(gone).rejects.toThrow('stop');
  expect(await budget.with(10, signal, async () => 'room')).toBe('room');
});
