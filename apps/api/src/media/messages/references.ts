import type { Problem } from '@claimcheck/contracts/errors';
import type { HostData } from '@claimcheck/contracts/host-data';
import { isTombstone } from '@claimcheck/contracts/media';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import { writeMedia } from '../lifecycle/write-media.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { isReferenced } from '../record/is-referenced.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';

/** One entry of the ledger that answers "why does this still exist". */
export interface Reference {
  media_object_id: string;
  /** `message`, or a host's own name. */
  kind: string;
  ref_id: string;
  conversation_id: string;
  /** The host's own id. */
  data?: HostData | undefined;
}

/** Returns the value of a JSON column, in which SQL NULL means no value. */
const toColumn = (data: HostData | undefined) =>
  Prisma.sql`${data === undefined ? null : JSON.stringify(data)}::jsonb`;

/** Condition on a row of media_reference: this reference of this media object. */
const isReference = ({
  media_object_id,
  kind,
  ref_id,
}: Pick<Reference, 'media_object_id' | 'kind' | 'ref_id'>) =>
  Prisma.sql`media_object_id = ${media_object_id}::uuid AND kind = ${kind} AND ref_id = ${ref_id}`;

/** Returns the change that restores an expiring media object which is referenced in time; undefined for any other. */
export const restoringChange = (
  { state, former_state }: MediaRow,
  expires_at: Date | null,
): MediaChange | undefined =>
  state === 'expiring' && former_state !== null
    ? { state: former_state, former_state: null, expires_at }
    : undefined;

/** Restores an expiring media object that is referenced in time; under its lock. */
export const bringBack = async (tx: Transaction, settings: DomainConfig, media: MediaRow): Promise<void> => {
  const change = restoringChange(media, null);
  if (change !== undefined) await writeMedia(tx, settings, media, change);
};

/**
 * Checks that a new reference to a media object may be added.
 *
 * @param extra fields of the error
 * @throws ProblemError `media_gone` · `media_not_uploaded`
 */
export const assertReferable = (
  { state, upload_state }: Pick<MediaRow, 'state' | 'upload_state'>,
  extra: Partial<Problem>,
): void => {
  if (isTombstone(state)) throw new ProblemError('media_gone', extra);
  if (upload_state !== 'uploaded') throw new ProblemError('media_not_uploaded', extra);
};

/** Removes a reference; removing the last one starts the orphan clock. Repeatable, under the media object's lock. */
export const removeReference = async (
  tx: Transaction,
  settings: DomainConfig,
  media: MediaRow,
  reference: Pick<Reference, 'kind' | 'ref_id'>,
): Promise<void> => {
  const { media_object_id, state } = media;
  await tx.query(Prisma.sql`
    DELETE FROM media_reference WHERE ${isReference({ ...reference, media_object_id })}`);
  if (isTombstone(state) || (await isReferenced(tx, media_object_id))) return;
  await keepBooks(tx, media_object_id, { expires_at: new Date(Date.now() + settings.orphanTtlMs) });
};

/**
 * Adds a reference for a host that keeps its own messages. Repeatable.
 *
 * @throws ProblemError `not_found` · `media_gone` · `media_not_uploaded` · `client_key_conflict` when the reference
 *   exists in another conversation
 */
export const putHostReference = async (
  tx: Transaction,
  settings: DomainConfig,
  { media_object_id, data, ...reference }: Reference,
): Promise<{ created: boolean }> => {
  const extra = { media_object_id };
  const media = await lockMedia(tx, media_object_id);
  if (media === undefined) throw new ProblemError('not_found', extra);
  const { kind, ref_id, conversation_id } = reference;
  const isKnown = isReference({ ...reference, media_object_id });
  const [known] = await tx.query<{ conversation_id: string }>(Prisma.sql`
    SELECT conversation_id FROM media_reference WHERE ${isKnown}`);
  if (known !== undefined && known.conversation_id !== conversation_id)
    throw new ProblemError('client_key_conflict', { ...extra, field: 'conversation_id' });
  if (known !== undefined) {
    await tx.query(Prisma.sql`UPDATE media_reference SET data = ${toColumn(data)} WHERE ${isKnown}`);
    return { created: false };
  }
  assertReferable(media, extra);
  const conversation = await tx.query(Prisma.sql`
    SELECT FROM conversation WHERE conversation_id = ${conversation_id}`);
  if (conversation.length === 0) throw new ProblemError('not_found', { ...extra, field: 'conversation_id' });
  // This precedes the reference: its conversation learns the state from the host's message, not from an update.
  await bringBack(tx, settings, media);
  await tx.query(Prisma.sql`
    INSERT INTO media_reference (media_object_id, kind, ref_id, conversation_id, data)
    VALUES (${media_object_id}::uuid, ${kind}, ${ref_id}, ${conversation_id}, ${toColumn(data)})`);
  // This is bookkeeping of the ledger, not a visible change.
  await keepBooks(tx, media_object_id, { expires_at: null });
  return { created: true };
};

/** Repeatable. */
export const deleteHostReference = async (
  tx: Transaction,
  settings: DomainConfig,
  { media_object_id, ...reference }: Pick<Reference, 'media_object_id' | 'kind' | 'ref_id'>,
): Promise<void> => {
  const media = await lockMedia(tx, media_object_id);
  if (media === undefined) return;
  const known = await tx.query(Prisma.sql`
    SELECT FROM media_reference WHERE ${isReference({ ...reference, media_object_id })}`);
  // A repetition must not restart the orphan clock.
  if (known.length > 0) await removeReference(tx, settings, media, reference);
};
