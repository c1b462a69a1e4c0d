import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Holder, MemoryBudget } from './memory-budget.ts';

const MIB = 1_024 ** 2;

const holder = (lastByteAt: number, isSlow = false): Holder & { asked: number; isSlow: boolean } => {
  const made = {
    lastByteAt,
    isSlow,
    asked: 0,
    flush: () => {
      made.asked += 1;
    },
  };
  return made;
};

const isPending = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    promise.then(() => false),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(true))),
  ]);

test('memory is reserved first come, first served, and reused', async () => {
  const budget = new MemoryBudget(16 * MIB);
  const [first, second] = [await budget.reserve(8 * MIB), await budget.reserve(5 * MIB)];
  const third = budget.reserve(8 * MIB);
  const fourth = budget.reserve(1);
  expect(await isPending(third)).toBe(true);
  // There would be enough memory for it, but it came later.
  expect(await isPending(fourth)).toBe(true);
  first.release();
  first.release();
  await third;
  second.release();
  await fourth;
  expect(budget.used).toBe(8 * MIB + 1);
});

test('a part larger than the whole budget is admitted alone', async () => {
  const budget = new MemoryBudget(MIB);
  const reservation = await budget.reserve(64 * MIB);
  expect(budget.used).toBe(64 * MIB);
  const next = budget.reserve(1);
  expect(await isPending(next)).toBe(true);
  reservation.release();
  await next;
});

test('over half of the limit in small amounts, the holders silent for longest are asked to flush, once', () => {
  const budget = new MemoryBudget(100);
  const [old, older, young] = [holder(2), holder(1), holder(3)];
  const asked = () => [older.asked, old.asked, young.asked];
  budget.charge(old, 20);
  budget.charge(older, 20);
  expect(asked()).toEqual([0, 0, 0]);
  // 60 of 50; without the older 40, without the old one 20: no more than three quarters of the 50.
  budget.charge(young, 20);
  expect(asked()).toEqual([1, 1, 0]);
  budget.charge(young, 30);
  expect(asked()).toEqual([1, 1, 0]);
  budget.refund(older);
  budget.refund(old);
  expect(budget.used).toBe(50);
  budget.charge(young, 1);
  expect(asked()).toEqual([1, 1, 1]);
});

test('a wait for a reservation asks no holder to flush: reservations return by themselves', async () => {
  const budget = new MemoryBudget(8 * MIB);
  const small = holder(1);
  budget.charge(small, 1_000);
  const reservation = await budget.reserve(7 * MIB);
  const waiting = budget.reserve(7 * MIB);
  expect(await isPending(waiting)).toBe(true);
  expect(small.asked).toBe(0);
  reservation.release();
  await waiting;
});

describe('a holder that fills its reservation slowly', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is asked to flush while another holder waits, and only then', async () => {
    const budget = new MemoryBudget(16 * MIB);
    const [slow, fast, other] = [holder(0, true), holder(0), holder(0)];
    const reservation = await budget.reserve(8 * MIB, slow);
    await budget.reserve(8 * MIB, fast);
    vi.advanceTimersByTime(10_000);
    expect(slow.asked).toBe(0);
    const waiting = budget.reserve(8 * MIB, other);
    expect(slow.asked).toBe(1);
    fast.isSlow = true;
    vi.advanceTimersByTime(1_000);
    expect([slow.asked > 1, fast.asked > 0, other.asked]).toEqual([true, true, 0]);
    reservation?.release();
    await waiting;
    expect(budget.used).toBe(16 * MIB);
    const asked = fast.asked;
    vi.advanceTimersByTime(10_000);
    expect([fast.asked, vi.getTimerCount()]).toEqual([asked, 0]);
  });

  test('is not asked once its part is in transit', async () => {
    const budget = new MemoryBudget(8 * MIB);
    const slow = holder(0, true);
    const reservation = await budget.reserve(8 * MIB, slow);
    reservation?.close();
    const waiting = budget.reserve(8 * MIB);
    vi.advanceTimersByTime(10_000);
    expect(slow.asked).toBe(0);
    reservation?.release();
    await waiting;
  });

  test('a holder that no longer wants to wait leaves the queue, and delays no other', async () => {
    const budget = new MemoryBudget(8 * MIB);
    const [first, second] = [holder(0), holder(0)];
    const reservation = await budget.reserve(7 * MIB);
    const [large, small] = [budget.reserve(8 * MIB, first), budget.reserve(MIB, second)];
    budget.cancelReservation(first);
    expect(await large).toBeUndefined();
    reservation.release();
    expect(await small).toBeDefined();
    expect(budget.used).toBe(MIB);
  });
});
