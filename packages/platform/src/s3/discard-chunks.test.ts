import { expect, test } from 'vitest';
import { discardChunks } from './discard-chunks.ts';

const KIB = 1_024;
const bytes = (length: number, value = 1): Buffer => Buffer.allocUnsafeSlow(length).fill(value);

test('discarded chunks release their memory, and other chunks of it keep theirs', () => {
  const whole = bytes(64 * KIB);
  const other = bytes(64 * KIB, 7);
  discardChunks([whole, other.subarray(0, KIB)]);
  expect([whole.length, whole.buffer.byteLength]).toEqual([0, 0]);
  expect(other.equals(bytes(64 * KIB, 7))).toBe(true);
});
