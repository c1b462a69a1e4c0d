import { discardChunks } from '@claimcheck/platform/s3/discard-chunks';
import type { Progress, StoredTail } from '../../media/uploads/upload-session.ts';
import type { Engine } from './engine.ts';
import { ChunkList, type Remainder, sizeInTails } from './part-assembler.ts';

const readTail = async ({ storage }: Pick<Engine, 'storage'>, tail: StoredTail): Promise<Buffer[]> => {
  const { body, size_bytes } = await storage.get(tail.key);
  const list = new ChunkList();
  // Not more than what was reserved, whatever the store has there.
  if (size_bytes === tail.size_bytes)
    for await (const chunk of body as AsyncIterable<Buffer>) list.add(chunk);
  else body.destroy();
  if (list.bytes !== tail.size_bytes)
    throw new Error(`tail ${tail.key} has ${size_bytes} bytes instead of ${tail.size_bytes}`);
  return list.take();
};

/** Reads tails in parallel, and returns them in order. Nothing is being read any longer when it throws. */
const readTails = async (
  engine: Pick<Engine, 'storage'>,
  tails: readonly StoredTail[],
): Promise<Buffer[]> => {
  const read = await Promise.allSettled(tails.map((tail) => readTail(engine, tail)));
  return read.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
};

/**
 * Reads the tails of a remainder back, and passes them on with its other bytes. Memory for them is reserved first, unless the
 * remainder has it already; a remainder without a reservation holds little, so waiting keeps no other upload from its memory.
 *
 * @throws when a tail is not of the size in its row
 */
export const withTails = async <Result>(
  engine: Pick<Engine, 'storage' | 'budget'>,
  { tails, chunks, isReserved }: Remainder,
  use: (chunks: readonly Buffer[]) => Promise<Result>,
): Promise<Result> => {
  if (tails.length === 0) return use(chunks);
  const reservation = isReserved ? undefined : await engine.budget.reserve(sizeInTails(tails));
  try {
    const before = await readTails(engine, tails);
    const result = await use([...before, ...chunks]);
    discardChunks(before);
    return result;
  } finally {
    reservation?.release();
  }
};

/** Returns the fields of a commit for tails that a part, or a longer tail, has absorbed. */
export const joined = (tails: readonly StoredTail[]): Pick<Progress, 'tails_joined'> => {
  const last = tails.at(-1);
  return last === undefined ? {} : { tails_joined: last.number };
};
