import { expect, it } from 'vitest';
import { Slots } from './slots.ts';

const signal = new AbortController().signal;

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const turn = new Promise((resolve) => setImmediate(() => resolve('not yet')));
  return (await Promise.race([promise.then(() => 'settled'), turn])) === 'settled';
};

it('gives the place of large work that waits to small work', async () => {
  const slots = new Slots({ total: 2, large: 1 });
  const first = await slots.take(signal);
  await first.becomeLarge(signal);
  const second = await slots.take(signal);
  const waits = second.becomeLarge(signal);
  expect(await settled(waits)).toBe(false);

  const small = await slots.take(signal);
  const queued = slots.take(signal);
  first.release();
  // With the turn comes the place: those who queue for one have to wait on.
  expect(await settled(waits)).toBe(true);
  expect(await settled(queued)).toBe(false);
  small.release();
  expect(await settled(queued)).toBe(true);
});

it('loses no slot when a waiter is aborted', async () => {
  const slots = new Slots({ total: 1, large: 1 });
  const only = await slots.take(signal);
  const leaving = new AbortController();
  const gone = slots.take(leaving.signal);
  leaving.abort(new Error('stop'));
  await expect(gone).rejects.toThrow('stop');
  only.release();
  only.release();
  const next = await slots.take(signal);
  expect(await settled(slots.take(signal))).toBe(false);
  next.release();
});
