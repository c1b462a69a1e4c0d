import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryBudget } from './memory-budget.ts';
import { ChunkList, PartAssembler } from './part-assembler.ts';

const KIB = 1_024;
/** Returns bytes that own their memory, like those of a request. */
const bytes = (length: number, value = 1): Buffer => Buffer.allocUnsafeSlow(length).fill(value);
const retained = (chunks: readonly Buffer[]): number =>
  chunks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

test('chunks of a fast client are kept as they arrived, without a copy', () => {
  const list = new ChunkList();
  const [first, second] = [bytes(64 * KIB), bytes(20 * KIB, 2)];
  list.add(first);
  list.add(second);
  expect(list.bytes).toBe(84 * KIB);
  const taken = list.take();
  expect(taken[0]).toBe(first);
  expect(taken[1]).toBe(second);
  expect([list.bytes, list.take()]).toEqual([0, []]);
});

test('bytes that arrive one by one become few chunks, in order', () => {
  const list = new ChunkList();
  const sent = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  for (let at = 0; at < sent.length; at += 1) list.add(Buffer.from(sent.subarray(at, at + 1)));
  expect(list.bytes).toBe(sent.length);
  const taken = list.take();
  expect(taken.length).toBeLessThan(10);
  expect(Buffer.concat(taken).equals(sent)).toBe(true);
  expect(retained(taken)).toBe(sent.length);
});

test('small chunks between large ones keep their place', () => {
  const list = new ChunkList();
  const sent = [bytes(10, 1), bytes(5, 2), bytes(32 * KIB, 3), bytes(7, 4), bytes(16 * KIB, 5), bytes(1, 6)];
  for (const chunk of sent) list.add(chunk);
  expect(Buffer.concat(list.take()).equals(Buffer.concat(sent))).toBe(true);
});

test.each([10, 40 * KIB])('a piece of %i bytes does not retain the chunk from which it was cut', (length) => {
  const list = new ChunkList();
  list.add(bytes(64 * KIB).subarray(0, length));
  expect(retained(list.take())).toBe(length);
});

describe('a client that fills a part in eight seconds', () => {
  const MIB = 1_024 * KIB;
  const session = { part_size: 8 * MIB, length: 64 * MIB, offset: 0 };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Sends 256 KiB at 1 MiB/s. */
  const sendSome = (part: PartAssembler): void => {
    part.add(bytes(KIB));
    vi.advanceTimersByTime(250);
    part.add(bytes(255 * KIB));
    part.lastByteAt = performance.now();
  };

  test('has memory for it while there is enough, and does not wait for others', async () => {
    const budget = new MemoryBudget(16 * MIB);
    const part = new PartAssembler(session, budget, () => undefined);
    sendSome(part);
    expect([part.needsReservation, part.isTooSlow(performance.now())]).toEqual([true, false]);
    const { release } = await budget.reserve(12 * MIB);
    expect(part.isTooSlow(performance.now())).toBe(true);
    release();
    expect(part.isTooSlow(performance.now())).toBe(false);
  });

  test('makes room when another one waits', async () => {
    const budget = new MemoryBudget(8 * MIB);
    const flush = vi.fn();
    const part = new PartAssembler(session, budget, flush);
    sendSome(part);
    await part.reserve(performance.now());
    expect(part.isReserved).toBe(true);
    const waiting = budget.reserve(8 * MIB);
    expect([flush.mock.calls.length, part.isSlow]).toEqual([1, true]);
    part.takeAll().release();
    await waiting;
    expect(budget.used).toBe(8 * MIB);
  });
});
