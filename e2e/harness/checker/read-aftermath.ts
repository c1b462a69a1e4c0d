import { isTombstone, QUALITIES } from '@claimcheck/contracts/media';
import type { Database } from '@claimcheck/database/database';
import type { Bucket } from '../bucket.ts';
import { sha256 } from '../fixtures.ts';
import type { Aftermath, MediaAfter, TombstoneAfter } from './aftermath.ts';
import type { History } from './history.ts';
import { readDatabase } from './read-database.ts';
import { readStream } from './read-stream.ts';

export interface Witnesses {
  database: Database;
  natsUrl: string;
  appName: string;
  bucket: Bucket;
  /** Status of a download by the owner; redirects are followed. */
  download: (ownerUserId: string, mediaObjectId: string, quality: string) => Promise<number>;
}

const readSources = async (
  bucket: Bucket,
  history: History,
  media: readonly MediaAfter[],
): Promise<Map<string, string>> => {
  const buried = new Set(media.filter(({ state }) => isTombstone(state)).map((row) => row.media_object_id));
  const sources = new Map<string, string>();
  for (const { media_object_id } of history.uploads) {
    if (buried.has(media_object_id)) continue;
    const bytes = await bucket.read(`${media_object_id}/source`);
    if (bytes !== undefined) sources.set(media_object_id, sha256(bytes));
  }
  return sources;
};

const visitTombstones = async (
  witnesses: Witnesses,
  history: History,
  media: readonly MediaAfter[],
): Promise<TombstoneAfter[]> => {
  const owners = new Map(history.uploads.map((upload) => [upload.media_object_id, upload.owner_user_id]));
  const tombstones: TombstoneAfter[] = [];
  for (const { media_object_id, state } of media) {
    const owner = owners.get(media_object_id);
    if (!isTombstone(state) || owner === undefined) continue;
    const answers: TombstoneAfter['answers'] = [];
    for (const quality of QUALITIES)
      answers.push({ quality, status: await witnesses.download(owner, media_object_id, quality) });
    tombstones.push({
      media_object_id,
      answers,
      keys: await witnesses.bucket.keys(`${media_object_id}/`),
    });
  }
  return tombstones;
};

/** Reads the final state once everything has settled: database, broker, bucket, downloads. */
export const readAftermath = async (witnesses: Witnesses, history: History): Promise<Aftermath> => {
  const { media, logs, effects, payloads } = await readDatabase(witnesses.database);
  const stream = await readStream(witnesses.natsUrl, witnesses.appName);
  return {
    media,
    logs,
    sources: await readSources(witnesses.bucket, history, media),
    tombstones: await visitTombstones(witnesses, history, media),
    effects: [...effects, ...stream.effects],
    payloads: [...payloads, ...stream.payloads],
  };
};
