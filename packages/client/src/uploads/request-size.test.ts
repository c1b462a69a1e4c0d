import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RequestSize } from './request-size.ts';

const MIB = 1024 ** 2;

beforeEach(() => void vi.stubGlobal('XMLHttpRequest', class {}));
afterEach(() => void vi.unstubAllGlobals());

test('the client asks once for the installation’s limit, and keeps to it', async () => {
  let asked = 0;
  const size = new RequestSize(async () => {
    asked += 1;
    return 20 * MIB;
  });
  expect([await size.get(), await size.get()]).toEqual([20 * MIB, 20 * MIB]);
  expect(asked).toBe(1);
});

test('without a limit, or without an answer, requests are unlimited until a proxy refuses one', async () => {
  for (const announced of [async () => undefined, () => Promise.reject(new Error('no network'))]) {
    const size = new RequestSize(announced);
    expect(await size.get()).toBe(Number.POSITIVE_INFINITY);
    expect(size.shrink(1_000 * MIB)).toBe(true);
    expect(await size.get()).toBe(32 * MIB);
    expect(size.shrink(1_000 * MIB)).toBe(true);
    expect(await size.get()).toBe(16 * MIB);
  }
});

test('a proxy that lets nothing pass ends the upload', async () => {
  const size = new RequestSize(async () => 100_000);
  await size.get();
  expect(size.shrink(1_000 * MIB)).toBe(true);
  expect(size.shrink(1_000 * MIB)).toBe(false);
});

test('a small file that was too large lowers the limit to half its size', async () => {
  const size = new RequestSize(async () => undefined);
  expect(size.shrink(3 * MIB)).toBe(true);
  expect(await size.get()).toBe(1.5 * MIB);
});

test('in Node no request is larger than what memory may hold', async () => {
  vi.unstubAllGlobals();
  expect(await new RequestSize(async () => undefined).get()).toBe(8 * MIB);
});
