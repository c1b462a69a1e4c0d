import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HLS_PLAYLIST, hlsContentType } from '@claimcheck/contracts/hls';
import { hlsKey } from '@claimcheck/contracts/object-keys';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Derivative } from './derivatives.ts';
import { epochOf } from './epoch-of.ts';
import type { Job } from './job.ts';

const AT_ONCE = 4;

export interface HlsVideo {
  /** Absolute path of the folder with the playlists and segments. */
  folder: string;
  /** Size of the best rendition. Pixels. */
  width: number;
  height: number;
}

/** Stores the files of an HLS folder, the main playlist last. @returns its entry; `size` is of all files */
export const putHls = async (
  job: Pick<Job, 'request' | 'signal'>,
  storage: Storage,
  hls: HlsVideo,
): Promise<Derivative> => {
  const keyOf = (file: string) => hlsKey(job.request.mediaId, epochOf(job.request), file);
  const files = (await readdir(hls.folder)).filter((file) => file !== HLS_PLAYLIST);
  const failed = new AbortController();
  const signal = AbortSignal.any([job.signal, failed.signal]);
  let size = 0;
  const put = async (file: string): Promise<void> => {
    const path = join(hls.folder, file);
    const content_type = hlsContentType(file);
    if (content_type === undefined) throw new Error(`${file} is not a file of HLS`);
    const { size: size_bytes } = await stat(path);
    size += size_bytes;
    await storage.put(keyOf(file), createReadStream(path), {
      size_bytes,
      content_type,
      signal,
    });
  };
  const putSome = async (): Promise<void> => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) await put(file);
  };
  // A failure ends the others, and all are awaited, because the folder is removed afterwards.
  const putAll = Array.from({ length: AT_ONCE }, () => putSome().catch((error) => failed.abort(error)));
  await Promise.all(putAll);
  failed.signal.throwIfAborted();
  await put(HLS_PLAYLIST);
  const { width, height } = hls;
  const url = storage.urlOf(keyOf(HLS_PLAYLIST));
  return { quality: 'high', format: 'm3u8', url, size, width, height };
};
