import { applyResult } from '../../src/media/results/apply-result.ts';
import { resultOf } from './results.ts';
import type { TestApi } from './test-api.ts';
import { settings } from './test-database.ts';

/** Bytes of the source and of each derivative, all different. */
export const bytesOf = (key: string): Buffer => Buffer.from(`bytes of ${key}`.repeat(20));

/** Creates a fully processed media object of `ann`, with its objects in the storage. @returns its id */
export const readyMedia = async (
  { context, db }: Pick<TestApi, 'context' | 'db'>,
  filetype: 'image/jpeg' | 'video/mp4' = 'image/jpeg',
): Promise<string> => {
  const id = await db.uploaded(filetype);
  const results = (['preview', 'scan', 'final'] as const).map((stage) => resultOf(id, stage, 1, filetype));
  for (const result of results) await db.database.transaction((tx) => applyResult(tx, settings, result));
  const keys = new Set([
    `${id}/source`,
    ...results.flatMap(({ processed }) => processed.map(({ key }) => key)),
  ]);
  for (const key of keys) {
    const bytes = bytesOf(key);
    await context.storage.put(key, bytes, { size_bytes: bytes.length, content_type: filetype });
  }
  return id;
};

const PLAYLIST = Buffer.from('#EXTM3U\n');

/** Creates a ready video of `ann` with an mp4 and HLS: a playlist and one segment. @returns its id */
export const filmWithHls = async (api: Pick<TestApi, 'context' | 'db'>): Promise<string> => {
  const { database, storage } = api.context;
  const id = await readyMedia(api, 'video/mp4');
  const folder = `${id}/e1/hls`;
  await database.client.derivative.create({
    data: {
      media_object_id: id,
      epoch: 1,
      quality: 'high',
      format: 'm3u8',
      s3_bucket: storage.bucket,
      object_storage_key: `${folder}/main.m3u8`,
      size_bytes: PLAYLIST.length,
    },
  });
  const segment = bytesOf(folder);
  await storage.put(`${folder}/main.m3u8`, PLAYLIST, {
    size_bytes: PLAYLIST.length,
    content_type: 'application/vnd.apple.mpegurl',
  });
  await storage.put(`${folder}/v0-0.m4s`, segment, { size_bytes: segment.length, content_type: 'video/mp4' });
  return id;
};
