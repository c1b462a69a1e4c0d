import { MIB } from '@claimcheck/contracts/limits';

const PREFERRED = 8 * MIB;
/** S3's limit of parts in one upload. */
const MAX_PARTS = 10_000;

/** Returns the bytes of a part, fixed when an upload is created. Even the largest upload has few enough parts. */
export const partSizeFor = (largestLength: number): number =>
  Math.max(PREFERRED, Math.ceil(largestLength / MAX_PARTS / MIB) * MIB);

const DIRECT_PREFERRED = 16 * MIB;
/**
 * Each part costs a signature, most of the cost of a direct upload. A part that is interrupted is sent again from its
 * start. With at most this many, one answer contains all of an upload's URLs.
 */
const DIRECT_PARTS = 100;

/** Far below S3's limit: a phone must be able to send one part before it loses its connection. */
const DIRECT_LARGEST = 512 * MIB;

/** Does the same as {@link partSizeFor} for parts that clients send to the storage directly. */
export const directPartSizeFor = (length: number): number => {
  const wanted = Math.max(DIRECT_PREFERRED, Math.ceil(length / DIRECT_PARTS / MIB) * MIB);
  return Math.max(partSizeFor(length), Math.min(wanted, DIRECT_LARGEST));
};
