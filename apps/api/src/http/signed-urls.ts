import { HLS_PLAYLIST } from '@claimcheck/contracts/hls';
import type { DownloadSigner } from '@claimcheck/platform/signing/download-signer';
import type { Config } from '../config.ts';
import type { Download } from '../media/access/resolve-download.ts';
import { contentDisposition } from './content-disposition.ts';

const SLOW_BYTES_PER_SECOND = 64 * 1_024;
const SECOND_MS = 1_000;

export interface SignedUrl {
  url: string;
  /** Times in milliseconds since 1970. Until `same_until` the same download gets the same URL. */
  same_until: number;
  expires_at: number;
}

/** Returns the lifetime of a signed URL: long enough to play it twice, or to fetch it over a slow network. */
export const signedLifeMs = (
  { minMs, maxMs }: Config['signedUrl'],
  download: Pick<Download, 'size_bytes' | 'duration_ms'>,
): number => {
  const playing = (download.duration_ms ?? 0) * 2 + minMs;
  const fetching = (download.size_bytes / SLOW_BYTES_PER_SECOND) * SECOND_MS;
  return Math.ceil(Math.min(maxMs, Math.max(playing, fetching)) / SECOND_MS) * SECOND_MS;
};

/**
 * Signs a URL with the start of the current step of the clock as its time. Every request within a step gets the same
 * URL, so a browser finds the file in its cache. The URL lives one step longer, because the step may be almost over.
 */
export const signUrl = async (
  signer: DownloadSigner,
  config: Config['signedUrl'],
  download: Download,
  now = Date.now(),
): Promise<SignedUrl> => {
  const { stepMs } = config;
  const signedAt = Math.floor(now / stepMs) * stepMs;
  const lifeMs = signedLifeMs(config, download) + stepMs;
  const { url, expires_at } = await signer.sign({
    key: download.key,
    bucket: download.bucket,
    seconds: Math.floor(lifeMs / SECOND_MS),
    content_type: download.content_type,
    content_disposition: contentDisposition(download),
    cache_control: `private, max-age=${Math.ceil(stepMs / SECOND_MS)}`,
    signed_at: new Date(signedAt),
  });
  return { url, same_until: Math.min(signedAt + stepMs, expires_at), expires_at };
};

/** Returns the address of an attempt's main playlist. */
export const hlsUrlOf = (publicUrl: string, mediaObjectId: string, epoch: number): string =>
  `${publicUrl}/v1/media/${mediaObjectId}/hls/${epoch}/${HLS_PLAYLIST}`;
