import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RequestSize } from './request-size.ts';

const MIB = 1024 ** 2;

beforeEach(() => void vi.stubGlobal('XMLHttpRequest', class {}));
afterEach(() => void vi.unstubAllGlobals());

test('the installation’s limit is asked for once, and holds', async () => {
  let asked = 0;
  const size = new RequestSize(async () => {
    asked += 1;
    return 20 * MIB;
  });
  expect([await size.get(), await size.get()]).toEqual([20 * MIB, 20 * MIB]);
  expect(asked).toBe(1);
});

test('without a limit, or without an answer, there is none until a proxy refuses', async () => {
  for (const announced of [async () => undefined, () => Promise.reject(new Error('no network'))]) {
    const size = new RequestSize(announced);
    expect(await size.get()).toBe(Number.POSITIVE_INFINITY);
    expect(size.shrink(1_000 * MIB)).toBe(true);
    expect(await size.get()).toBe(32 * MIB);
    expect(size.shrink(1_000 * MIB)).toBe(true);
    expect(await size.get()).toBe(16 * MIB);
  }
});

test('a proxy that lets nothing pass ends it', async () => {
  const size = new RequestSize(async () => 100_000);
  await size.get();
  expect(size.shrink(1_000 * MIB)).toBe(true);
  expect(size.shrink(1_000 * MIB)).toBe(false);
});

test('a small file that was too large halves its own size', async () => {
  const size = new RequestSize(async () => undefined);
  expect(size.shrink(3 * MIB)).toBe(true);
  expect(await size.get()).toBe(1.5 * MIB);
});

test('in Node a request is never larger than what may be in memory', async () => {
  vi.unstubAllGlobals();
  expect(await new RequestSize(async () => undefined).get()).toBe(8 * MIB);
});
