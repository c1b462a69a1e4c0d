const MIB = 1_024 ** 2;
const PREFERRED = 8 * MIB;
/** S3's limit of parts in one upload. */
const MAX_PARTS = 10_000;

/** Bytes of a part, fixed when an upload is made: also for the largest that is accepted, parts suffice. */
export const partSizeFor = (largestLength: number): number =>
  Math.max(PREFERRED, Math.ceil(largestLength / MAX_PARTS / MIB) * MIB);
