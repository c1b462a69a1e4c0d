import { isTombstone } from '@claimcheck/contracts/media';
import type { Prisma, Transaction } from '@claimcheck/database/database';
import { tellConversations } from '../log/fan-out.ts';
import { NOTHING_USED, setUsage } from '../quota/user-usage.ts';
import { type MediaRow, withDerivatives } from '../record/media-row.ts';
import type { MediaSettings } from '../record/media-settings.ts';
import { toMedia } from '../record/media-view.ts';
import { milestonesOf } from '../record/milestones.ts';
import { enqueue, type OutboxMessage } from '../record/outbox.ts';
import { mayBecome } from '../record/transitions.ts';
import { sweepSuperseded, sweepWhole } from './prefix-sweeps.ts';

/** Columns of a media object that a change may set; identity, `rev` and time are not among them. */
export type MediaChange = Omit<
  Prisma.media_objectUncheckedUpdateManyInput,
  'media_object_id' | 'rev' | 'owner_user_id' | 'object_storage_key' | 's3_bucket' | 'updated_at' | 'state'
> & { state?: MediaRow['state'] };

class IllegalTransition extends Error {
  constructor(from: string, to: string) {
    super(`a media object that is ${from} can not become ${to}`);
    this.name = 'IllegalTransition';
  }
}

/** @throws when the transition is not in the table: a bug of the caller */
export const assertTransition = (from: MediaRow['state'], to: MediaRow['state']): void => {
  if (!mayBecome(from, to)) throw new IllegalTransition(from, to);
};

/** The fact that follows every change of a row. */
export const mediaUpdated = (settings: MediaSettings, row: MediaRow): OutboxMessage => ({
  subject: settings.subjects.mediaUpdated,
  payload: { media: toMedia(row, settings.publicUrl) },
});

/**
 * The only writer of a media object that exists: checks the transition, updates by the revision that was
 * read, and tells everybody who refers to it, in the caller's transaction.
 *
 * @param current as {@link lockMedia} returned it in this transaction
 * @throws when the transition is not in the table: a bug of the caller
 */
export const writeMedia = async (
  tx: Transaction,
  settings: MediaSettings,
  current: MediaRow,
  change: MediaChange,
): Promise<MediaRow> => {
  if (change.state !== undefined) assertTransition(current.state, change.state);
  const [columns] = await tx.db.media_object.updateManyAndReturn({
    where: { media_object_id: current.media_object_id, rev: current.rev },
    data: { ...change, rev: current.rev + 1, updated_at: new Date() },
  });
  // The row is locked, so this is a bug of the caller: it wrote what it had not read.
  if (columns === undefined) throw new Error('the media object changed under its lock');
  // The first epoch begins without derivatives.
  const row = current.epoch === 0 ? { ...columns, derivatives: [] } : await withDerivatives(tx.db, columns);
  // Here, so that no way to end can forget it.
  if (isTombstone(row.state)) {
    await setUsage(tx, [row.media_object_id], NOTHING_USED);
    await sweepWhole(tx, settings, row.media_object_id);
  } else await sweepSuperseded(tx, settings, row);
  const media = toMedia(row, settings.publicUrl);
  await enqueue(tx, mediaUpdated(settings, row));
  tx.facts.push({ fact: 'media_changed', media_object_id: row.media_object_id, rev: row.rev });
  tx.facts.push(...milestonesOf(current, row));
  await tellConversations(tx, media);
  return row;
};
