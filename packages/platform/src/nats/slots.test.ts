import { expect, it } from 'vitest';
import { Slots } from './slots.ts';

const signal = new AbortController().signal;

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const turn = new Promise((resolve) => setImmediate(() => resolve('not yet')));
  return (await Promise.race([promise.then(() => 'settled'), turn])) === 'settled';
};

it('gives the slot of waiting large work to small work', async () => {
  const slots = new Slots({ total: 2, large: 1 });
  const first = await slots.take(signal);
  await first.becomeLarge(signal);
  const second = await slots.take(signal);
  const waits = second.becomeLarge(signal);
  expect(await settled(waits)).toBe(false);

  const small = await slots.take(signal);
  const queued = slots.take(signal);
  first.release();
  // The turn brings the slot: callers that queue for one have to keep waiting.
  expect(await settled(waits)).toBe(true);
  expect(await settled(queued)).toBe(false);
  small.release();
  expect(await settled(queued)).toBe(true);
});

it('runs exclusive work alone: it waits for running work, and nothing starts next to it', async () => {
  const slots = new Slots({ total: 2, large: 1 });
  const other = await slots.take(signal);
  const first = await slots.take(signal);
  const alone = first.becomeAlone(signal);
  expect(await settled(alone)).toBe(false);
  other.release();
  expect(await settled(alone)).toBe(true);

  const next = slots.take(signal);
  expect(await settled(next)).toBe(false);
  first.release();
  expect(await settled(next)).toBe(true);
});

it('runs two exclusive jobs one after the other', async () => {
  const slots = new Slots({ total: 2, large: 1 });
  const [first, second] = [await slots.take(signal), await slots.take(signal)];
  const turns = [first.becomeAlone(signal), second.becomeAlone(signal)];
  await turns[0];
  expect(await settled(turns[1] ?? Promise.reject())).toBe(false);
  first.release();
  await turns[1];
  second.release();
  const both = [slots.take(signal), slots.take(signal)];
  expect(await settled(Promise.all(both))).toBe(true);
});

it('loses no slot when a waiting caller gives up', async () => {
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

it('takes all free slots at once, and waits for the first', async () => {
  const slots = new Slots({ total: 3, large: 3 });
  const one = await slots.take(signal);
  expect(await slots.takeFree(signal)).toHaveLength(2);
  const next = slots.takeFree(signal);
  expect(await settled(next)).toBe(false);
  one.release();
  expect(await next).toHaveLength(1);
});

it('holds no more waiting large work than it has slots', async () => {
  const slots = new Slots({ total: 2, large: 1 });
  const first = await slots.take(signal);
  await first.becomeLarge(signal);
  for (let waiting = 0; waiting < 3; waiting += 1) void (await slots.take(signal)).becomeLarge(signal);
  const next = slots.take(signal);
  expect(await settled(next)).toBe(false);
  // The turn goes to the longest waiter, and with the end of the first there is room for another.
  first.release();
  expect(await settled(next)).toBe(true);
});
