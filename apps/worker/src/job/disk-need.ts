import { statfs } from 'node:fs/promises';
import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import { MIB } from '@claimcheck/contracts/limits';

/** For a request without a size; ours always have one. */
const UNKNOWN_BYTES = 256 * MIB;
/** Space in addition, for posters and decoded pictures. */
const BASE_BYTES = 256 * MIB;

/** Copies of its source that a job of the lane keeps at most: the source; or the source, an mp4 and its HLS. */
const COPIES = { media: 1, transcode: 3 } as const;

/** Returns the bytes that a job's folder needs. */
export const diskNeed = (request: OptimizeRequest, lane: keyof typeof COPIES): number =>
  BASE_BYTES + (request.sizeBytes ?? UNKNOWN_BYTES) * COPIES[lane];

/** The share of the free space at the start that jobs may take, unless a number is configured. */
const SHARE_OF_FREE = 0.8;

/** @returns bytes */
export const freeShare = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor(bavail * bsize * SHARE_OF_FREE);
};
