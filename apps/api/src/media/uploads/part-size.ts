import { MIB } from '@claimcheck/contracts/limits';

const PREFERRED = 8 * MIB;
/** S3's limit of parts in one upload. */
const MAX_PARTS = 10_000;

/** Bytes of a part, fixed when an upload is made: also for the largest that is accepted, parts suffice. */
export const partSizeFor = (largestLength: number): number =>
  Math.max(PREFERRED, Math.ceil(largestLength / MAX_PARTS / MIB) * MIB);

const DIRECT_PREFERRED = 16 * MIB;
/**
 * Each part costs a signature, most of what a direct upload costs us; a part that breaks off is sent again
 * from its start. With so many at most, one answer holds all of an upload's URLs.
 */
const DIRECT_PARTS = 100;

/** Far below what S3 accepts: a phone must be able to send one before it loses its connection. */
const DIRECT_LARGEST = 512 * MIB;

/** As {@link partSizeFor}, of parts that clients send to the storage themselves. */
export const directPartSizeFor = (length: number): number => {
  const wanted = Math.max(DIRECT_PREFERRED, Math.ceil(length / DIRECT_PARTS / MIB) * MIB);
  return Math.max(partSizeFor(length), Math.min(wanted, DIRECT_LARGEST));
};
