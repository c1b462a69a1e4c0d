import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { assertMember } from '../access/membership.ts';
import { refusalOf } from '../quota/charge-usage.ts';
import { NOTHING_USED, setUsage } from '../quota/user-usage.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { insertUpload, type MadeUpload, type NewMedia, type NewSession } from './insert-upload.ts';
import { type SessionRow, toSession, type UploadSession } from './upload-session.ts';

export interface NewUpload extends NewSession, NewMedia {
  /** Partial uploads that this one joins: their bytes count for it from now on. Only in a transaction. */
  partials?: readonly string[];
}

/** The upload that already has this name of the owner's. */
const findByAlias = async (
  on: Executor,
  owner: string,
  clientMediaId: string | undefined,
): Promise<UploadSession | undefined> => {
  if (clientMediaId === undefined) return undefined;
  const [row] = await on.query<SessionRow>(Prisma.sql`
    SELECT upload_session.* FROM media_alias JOIN upload_session ON upload_id = media_alias.media_object_id
    WHERE media_alias.owner_user_id = ${owner} AND client_media_id = ${clientMediaId}`);
  return row === undefined ? undefined : toSession(row);
};

/** A partial upload in a concatenation is gone. The caller knows which field named it. */
export class PartialUploadGone extends ProblemError {
  constructor() {
    super('upload_gone');
  }
}

/** Postpones the expiry of partial uploads while they are copied. @throws PartialUploadGone */
const takeOver = async (on: Executor, settings: DomainConfig, partials: readonly string[]): Promise<void> => {
  const ids = [...new Set(partials)];
  const taken = await on.query(Prisma.sql`
    UPDATE upload_session SET expires_at = ${new Date(Date.now() + settings.uploadTtlMs)}
    WHERE upload_id = ANY(${ids}::uuid[]) AND is_partial AND phase = 'complete' RETURNING upload_id`);
  if (taken.length !== ids.length) throw new PartialUploadGone();
  await setUsage(on, ids, NOTHING_USED);
};

/**
 * Creates the media object and its upload session. (owner, client_media_id) permanently names one media object: the same
 * call returns the same one, even at the same time.
 *
 * @throws ProblemError `not_found` for a conversation that the owner is not a member of · `quota_exceeded` ·
 *   `too_many_uploads` · `too_many_uploads_today` · PartialUploadGone
 */
export const createUpload = async (
  on: Executor,
  settings: DomainConfig,
  upload: NewUpload,
): Promise<{ session: UploadSession; created: boolean } & Partial<MadeUpload>> => {
  const { owner_user_id, metadata, partials } = upload;
  const known = await findByAlias(on, owner_user_id, metadata.client_media_id);
  if (known !== undefined) return { session: known, created: false };
  const { conversation_id } = metadata;
  if (conversation_id !== undefined)
    await assertMember(on, conversation_id, owner_user_id, { field: 'conversation_id' });
  if (partials !== undefined) await takeOver(on, settings, partials);
  const made = await insertUpload(on, settings, upload, upload);
  if (!('refusal' in made)) return { ...made, created: true };
  // A simultaneous request for this very upload may have used up the limit.
  const twin = await findByAlias(on, owner_user_id, metadata.client_media_id);
  if (twin !== undefined) return { session: twin, created: false };
  throw await refusalOf(on, settings, owner_user_id, made.refusal);
};

/** Creates a partial upload of a concatenation: a session without a media object. @throws as {@link createUpload} */
export const createPartialUpload = async (
  on: Executor,
  settings: DomainConfig,
  upload: NewSession,
): Promise<UploadSession> => {
  const made = await insertUpload(on, settings, upload, undefined);
  if ('refusal' in made) throw await refusalOf(on, settings, upload.owner_user_id, made.refusal);
  return made.session;
};
