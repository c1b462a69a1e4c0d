import { HLS_PLAYLIST } from '@claimcheck/contracts/hls';

/** Where the main playlist of an attempt is served. */
export const hlsUrlOf = (publicUrl: string, mediaObjectId: string, epoch: number): string =>
  `${publicUrl}/v1/media/${mediaObjectId}/hls/${epoch}/${HLS_PLAYLIST}`;
