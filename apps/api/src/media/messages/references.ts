import type { Problem } from '@claimcheck/contracts/errors';
import type { HostData } from '@claimcheck/contracts/host-data';
import { isTombstone } from '@claimcheck/contracts/media';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import { writeMedia } from '../lifecycle/write-media.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
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

/** In a JSON column, SQL NULL means no value. */
const toColumn = (data: HostData | undefined) =>
  data === undefined ? Prisma.DbNull : (data as Prisma.InputJsonObject);

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
  await tx.db.media_reference.deleteMany({ where: { ...reference, media_object_id } });
  if (isTombstone(state) || (await isReferenced(tx, media_object_id))) return;
  await keepBooks(tx, media_object_id, { expires_at: new Date(Date.now() + settings.orphanTtlMs) });
};

export const isReferenced = async (tx: Transaction, mediaObjectId: string): Promise<boolean> => {
  const reference = await tx.db.media_reference.findFirst({
    where: { media_object_id: mediaObjectId },
    select: { ref_id: true },
  });
  return reference !== null;
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
  const where = { media_object_id_kind_ref_id: { media_object_id, kind, ref_id } };
  const known = await tx.db.media_reference.findUnique({ where });
  if (known !== null && known.conversation_id !== conversation_id)
    throw new ProblemError('client_key_conflict', { ...extra, field: 'conversation_id' });
  if (known !== null) {
    await tx.db.media_reference.update({ where, data: { data: toColumn(data) } });
    return { created: false };
  }
  assertReferable(media, extra);
  const conversation = await tx.db.conversation.findUnique({ where: { conversation_id } });
  if (conversation === null) throw new ProblemError('not_found', { ...extra, field: 'conversation_id' });
  // This precedes the reference: its conversation learns the state from the host's message, not from an update.
  await bringBack(tx, settings, media);
  await tx.db.media_reference.create({ data: { ...reference, media_object_id, data: toColumn(data) } });
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
  const count = await tx.db.media_reference.count({ where: { media_object_id, ...reference } });
  // A repetition must not restart the orphan clock.
  if (count > 0) await removeReference(tx, settings, media, reference);
};
