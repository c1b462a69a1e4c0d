import type { Seeded } from '../harness/seeded.ts';

type Mutation = (bytes: Buffer, random: Seeded) => Buffer;

const MAX_FLIPS = 64;
const MAX_RUN = 256;
const EXTREMES = [0, 1, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_ff];

/** Picks a position: half of the time in the head, where formats describe themselves. */
const placeIn = (bytes: Buffer, random: Seeded): number =>
  random.int(0, Math.min(bytes.length, random.pick([MAX_RUN, bytes.length])) - 1);

export const flipBits: Mutation = (bytes, random) => {
  const flipped = Buffer.from(bytes);
  for (let flips = random.int(1, MAX_FLIPS); flips > 0; flips -= 1) {
    const at = placeIn(flipped, random);
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random.int(0, 7)), at);
  }
  return flipped;
};

export const cutOff: Mutation = (bytes, random) => bytes.subarray(0, random.int(1, bytes.length - 1));

const cutOut: Mutation = (bytes, random) => {
  const at = placeIn(bytes, random);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.int(1, MAX_RUN))]);
};

const repeat: Mutation = (bytes, random) => {
  const at = placeIn(bytes, random);
  const run = bytes.subarray(at, at + random.int(1, MAX_RUN));
  return Buffer.concat([
    bytes.subarray(0, at),
    ...Array<Buffer>(random.int(1, 20)).fill(run),
    bytes.subarray(at),
  ]);
};

const overwrite: Mutation = (bytes, random) => {
  const at = placeIn(bytes, random);
  const changed = Buffer.from(bytes);
  random.bytes(random.int(1, MAX_RUN)).copy(changed, at);
  return changed;
};

/** A length, a count or an offset beyond all bounds. */
const exaggerate: Mutation = (bytes, random) => {
  const changed = Buffer.from(bytes);
  if (changed.length < 4) return changed;
  const at = Math.min(placeIn(changed, random), changed.length - 4);
  const value = random.pick(EXTREMES);
  if (random.int(0, 1) === 0) changed.writeUInt32BE(value, at);
  else changed.writeUInt32LE(value, at);
  return changed;
};

const MUTATIONS: readonly Mutation[] = [flipBits, flipBits, cutOff, cutOut, repeat, overwrite, exaggerate];

/** A file changed in one to three ways; never empty. */
export const mutate = (bytes: Buffer, random: Seeded): Buffer => {
  let changed = bytes;
  for (let times = random.int(1, 3); times > 0; times -= 1) {
    const next = random.pick(MUTATIONS)(changed, random);
    if (next.length > 1) changed = next;
  }
  return changed;
};
