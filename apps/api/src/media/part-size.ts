const MIB = 1_024 ** 2;
const PREFERRED = 8 * MIB;
/** S3's limit of parts in one upload. */
const MAX_PARTS = 10_000;

/** Bytes of a part, fixed when an upload is made: also for the largest that is accepted, parts suffice. */
export const partSizeFor = (largestLength: number): number =>
  Math.max(PREFERRED, Math.ceil(largestLength / MAX_PARTS / MIB) * MIB);

const DIRECT_PREFERRED = 16 * MIB;
/** Each part costs a signature and a line in lists; a part that breaks off is sent again from its start. */
const DIRECT_PARTS = 1_000;

/** As {@link partSizeFor}, of parts that clients send to the storage themselves. */
export const directPartSizeFor = (length: number): number =>
  Math.max(DIRECT_PREFERRED, Math.ceil(length / DIRECT_PARTS / MIB) * MIB);
