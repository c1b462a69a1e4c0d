import { randomBytes } from 'node:crypto';

const HEAD_BYTES = 16;

/** Random bytes of no known type: without a distinct head, they may look like a broken sound. */
export const noise = (count: number) => {
  const bytes = randomBytes(count);
  return count > HEAD_BYTES ? bytes.fill(0, 0, HEAD_BYTES) : bytes;
};
