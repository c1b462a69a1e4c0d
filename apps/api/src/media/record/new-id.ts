import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

const BYTES_PER_ID = 16;
// Randomness for one id at a time costs a system call each.
const pool = Buffer.alloc(256 * BYTES_PER_ID);
let next = pool.length;
let msecs = 0;
let seq = 0;

const takeRandom = (): Buffer => {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  next += BYTES_PER_ID;
  return pool.subarray(next - BYTES_PER_ID, next);
};

/** Returns a UUID of version 7. Those of one process ascend. */
export const newId = (): string => {
  const random = takeRandom();
  const now = Date.now();
  // 31 random bits of 32 leave room for all ids of a millisecond.
  if (now > msecs) seq = random.readUInt32BE() >>> 1;
  else seq += 1;
  msecs = Math.max(msecs, now);
  return uuidv7({ random, msecs, seq });
};
