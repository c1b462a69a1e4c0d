import { expect, it } from 'vitest';
import { DiskBudget } from './disk-budget.ts';

const signal = new AbortController().signal;

it('lets jobs wait for room, in their order', async () => {
  const budget = new DiskBudget(100);
  const done: string[] = [];
  const end: Record<string, () => void> = {};
  const job = (name: string, bytes: number) =>
    budget.with(bytes, signal, async () => {
      done.push(`${name} begins`);
      await new Promise<void>((resolve) => {
        end[name] = resolve;
      });
    });
  const first = job('first', 80);
  const large = job('large', 90);
  const small = job('small', 10);
  await expect.poll(() => done).toEqual(['first begins']);
  expect(budget.used).toBe(80);
  end.first?.();
  await first;
  // The small one had room before: it does not overtake, or the large one would wait for ever.
  await expect.poll(() => done).toEqual(['first begins', 'large begins', 'small begins']);
  end.large?.();
  end.small?.();
  await Promise.all([large, small]);
  expect(budget.used).toBe(0);
});

it('goes on when somebody who waits is aborted, and when a job fails', async () => {
  const budget = new DiskBudget(10);
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
