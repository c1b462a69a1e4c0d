import { describe, expect, it } from 'vitest';
import { StreamSlots } from './stream-slots.ts';

const slots = (limits: Partial<ConstructorParameters<typeof StreamSlots>[0]> = {}) =>
  new StreamSlots({ perUser: 2, total: 3, waitMs: 20, ...limits });

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error) => error.problem.code,
  );

describe('slots of proxied downloads', () => {
  it('refuse the third stream of a user, and serve another user', async () => {
    const all = slots();
    await all.take('ann');
    const release = await all.take('ann');
    expect(await codeOf(all.take('ann'))).toBe('rate_limited');
    expect(await codeOf(all.take('ben'))).toBe('taken');
    release();
    expect(await codeOf(all.take('ann'))).toBe('taken');
  });

  it('let a stream wait for one that ends', async () => {
    const all = slots({ waitMs: 5_000 });
    const release = await all.take('ann');
    await all.take('ann');
    await all.take('ben');
    const waiting = all.take('cleo');
    release();
    expect(await codeOf(waiting)).toBe('taken');
    expect(all.taken).toBe(3);
  });

  it('answer that the service is full when no slot becomes free in time, and forget the waiter', async () => {
    const all = slots({ total: 1, perUser: 1 });
    const release = await all.take('ann');
    expect(await codeOf(all.take('ben'))).toBe('unavailable');
    release();
    expect(await codeOf(all.take('ben'))).toBe('taken');
  });
});
