import { statfs } from 'node:fs/promises';
import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import { MIB } from '@claimcheck/contracts/limits';

/** A request that does not say its size; ours always do. */
const UNKNOWN_BYTES = 256 * MIB;
/** What a job needs besides: posters, decoded pictures. */
const BASE_BYTES = 256 * MIB;

/** How many times its source a job of the lane keeps at most: the source; the source, an mp4 and its HLS. */
const COPIES = { media: 1, transcode: 3 } as const;

/** Bytes in a job's folder. */
export const diskNeed = (request: OptimizeRequest, lane: keyof typeof COPIES): number =>
  BASE_BYTES + (request.sizeBytes ?? UNKNOWN_BYTES) * COPIES[lane];

/** The share of what is free at the start that jobs may take, unless a number is configured. */
const SHARE_OF_FREE = 0.8;

/** @returns bytes */
export const freeShare = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor(bavail * bsize * SHARE_OF_FREE);
};
