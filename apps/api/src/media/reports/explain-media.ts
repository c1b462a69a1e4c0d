import { isTombstone } from '@claimcheck/contracts/media';
import { prefixOf } from '@claimcheck/contracts/object-keys';
import type { Database } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { formatsOf, type MediaRow, readMedia } from '../record/media-row.ts';
import { listAttempts } from './list-attempts.ts';
import { listStateTimes } from './state-times.ts';

type Client = Database['client'];

const orNotFound = async (database: Database, mediaObjectId: string): Promise<MediaRow> => {
  const row = await readMedia(database, mediaObjectId);
  if (row === undefined) throw new ProblemError('not_found', { media_object_id: mediaObjectId });
  return row;
};

const SHOWN = 100;

/** Only the oldest ones. */
const listReferences = (client: Client, mediaObjectId: string) =>
  client.media_reference.findMany({
    where: { media_object_id: mediaObjectId },
    orderBy: { created_at: 'asc' },
    take: SHOWN,
    select: { kind: true, ref_id: true, conversation_id: true, created_at: true },
  });

/** Verdicts on these bytes, from all media objects that contain them. */
const listVerdicts = (client: Client, sha256: string | null) =>
  sha256 === null
    ? []
    : client.verdict.findMany({
        where: { sha256 },
        orderBy: { judged_at: 'asc' },
        select: { scanner: true, code: true, virus_name: true, judged_at: true },
      });

/** Reads the rows around a media object, all at the same moment. */
const readAround = (database: Database, settings: DomainConfig, { media_object_id, sha256 }: MediaRow) => {
  const { client } = database;
  const where = { media_object_id };
  const upload = {
    protocol: true,
    phase: true,
    length: true,
    offset: true,
    lease_owner: true,
    expires_at: true,
    created_at: true,
    updated_at: true,
  };
  return Promise.all([
    client.upload_session.findFirst({ where, select: upload }),
    listAttempts(database, settings, media_object_id),
    client.applied_result.findMany({
      where,
      orderBy: { applied_at: 'asc' },
      select: { epoch: true, stage: true, applied_at: true },
    }),
    client.media_alias.findMany({ where, select: { client_media_id: true } }),
    client.media_reference.count({ where }),
    listReferences(client, media_object_id),
    listVerdicts(client, sha256),
    client.fanout.findUnique({ where, select: { rev: true, cursor: true, created_at: true } }),
    client.prefix_sweep.findMany({
      where: { prefix: { startsWith: prefixOf(media_object_id) } },
      select: { prefix: true, due_at: true },
    }),
    client.takedown.findUnique({
      where,
      select: { taken_down_by: true, reason: true, taken_down_at: true },
    }),
  ]);
};

/**
 * Collects everything that an operator may ask about one media object: its row, its states, its upload, the requests to
 * workers and their applied results, its references, its planned sweeps.
 */
export const explainMedia = async (database: Database, settings: DomainConfig, mediaObjectId: string) => {
  const row = await orNotFound(database, mediaObjectId);
  const { derivatives, size_bytes, ...media } = row;
  const [upload, attempts, results, aliases, references, referrers, verdicts, fanout, sweeps, takedown] =
    await readAround(database, settings, row);
  return {
    media: { ...media, size_bytes: Number(size_bytes) },
    states: await listStateTimes(database, row),
    upload: upload && {
      ...upload,
      length: upload.length === null ? null : Number(upload.length),
      offset: Number(upload.offset),
    },
    derivatives: derivatives
      .flatMap(formatsOf)
      .map(({ epoch, quality, format, object_storage_key, size_bytes: bytes }) => ({
        epoch,
        quality,
        format,
        object_storage_key,
        size_bytes: Number(bytes),
      })),
    attempts,
    results,
    verdicts,
    client_media_ids: aliases.map(({ client_media_id }) => client_media_id),
    references,
    /** The oldest ones, at most a hundred. */
    referrers,
    fanout,
    sweeps,
    takedown,
  };
};

export type Explained = Awaited<ReturnType<typeof explainMedia>>;

const reasonOf = (row: MediaRow, references: number): string => {
  if (isTombstone(row.state)) return `It is ${row.state}: the row stays, its objects are removed.`;
  if (references > 0) return 'It is referenced, and stays as long as one of its references does.';
  if (row.upload_state !== 'uploaded') return 'It is not uploaded yet; its upload has a time of its own.';
  if (row.state === 'processing')
    return 'It is being processed; without a reference it expires after it settled.';
  if (row.state === 'expiring') return 'It has no reference: after expires_at it is removed.';
  return 'It has no reference: after expires_at its grace begins.';
};

/** Explains why a media object still exists: its references, or how and when it will end. */
export const explainReferences = async (database: Database, mediaObjectId: string) => {
  const { client } = database;
  const where = { media_object_id: mediaObjectId };
  const row = await orNotFound(database, mediaObjectId);
  const [count, references] = await Promise.all([
    client.media_reference.count({ where }),
    listReferences(client, mediaObjectId),
  ]);
  const { media_object_id, state, former_state, expires_at, ready_by, settle_by } = row;
  return {
    reason: reasonOf(row, count),
    media: { media_object_id, state, former_state, expires_at, ready_by, settle_by },
    count,
    /** The oldest ones, at most a hundred. */
    references,
  };
};
