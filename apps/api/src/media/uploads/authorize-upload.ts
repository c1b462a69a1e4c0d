import type { AuthorizeUpload, UploadProtocol } from '@claimcheck/contracts/rest';
import type { Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { assertMember } from '../access/membership.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import { assertSameHash } from './assert-same-file.ts';
import { createUpload } from './create-upload.ts';
import { finalizeUpload } from './finalize-upload.ts';
import { linkDuplicate } from './link-duplicate.ts';
import { directPartSizeFor, partSizeFor } from './part-size.ts';
import type { UploadSession } from './upload-session.ts';

export interface AuthorizedUpload {
  media: MediaRow;
  session: UploadSession;
  created: boolean;
  /** The bytes are already stored, under another name. */
  duplicate: boolean;
}

/** S3's limit of one PUT. */
const MAX_PUT_BYTES = 5 * 1_024 ** 3;

/** One request for a small file; repeatable parts for a large one. An empty file needs neither. */
const chooseProtocol = ({ protocols, size_bytes }: AuthorizeUpload): UploadProtocol => {
  const can = (protocol: UploadProtocol) => protocols.includes(protocol);
  if (size_bytes === 0) return 'tus';
  if (can('put') && size_bytes <= directPartSizeFor(size_bytes)) return 'put';
  if (can('multipart')) return 'multipart';
  if (can('tus')) return 'tus';
  if (size_bytes <= MAX_PUT_BYTES) return 'put';
  throw new ProblemError('too_large', {
    field: 'protocols',
    detail: `One PUT carries at most ${MAX_PUT_BYTES} bytes.`,
  });
};

const create = (
  tx: Transaction,
  settings: DomainConfig,
  owner: string,
  input: AuthorizeUpload,
): Promise<{ session: UploadSession; created: boolean }> => {
  const {
    content_type,
    size_bytes,
    width,
    height,
    duration_ms,
    thumbhash,
    data,
    protocols: _,
    ...metadata
  } = input;
  const preview = { width, height, duration_ms, thumbhash };
  const protocol = chooseProtocol(input);
  return createUpload(tx, settings, {
    owner_user_id: owner,
    protocol,
    length: size_bytes,
    part_size: protocol === 'tus' ? partSizeFor(size_bytes) : directPartSizeFor(size_bytes),
    metadata: { ...metadata, filetype: content_type },
    preview,
    data,
  });
};

/** Checks that an existing key names this upload. The type is the client's claim until the worker has inspected it. */
const assertSame = (media: MediaRow, session: UploadSession, input: AuthorizeUpload): void => {
  const { media_object_id } = media;
  const sameSize = session.length === undefined || session.length === input.size_bytes;
  const sameType = media.upload_state === 'uploaded' || media.content_type === input.content_type;
  if (!sameSize || !sameType)
    throw new ProblemError('client_key_conflict', {
      field: sameSize ? 'content_type' : 'size_bytes',
      media_object_id,
    });
  assertSameHash(media, input.sha256);
  const ended = session.phase === 'aborted' || session.phase === 'expired';
  if (ended || (session.phase !== 'complete' && session.expires_at < new Date()))
    throw new ProblemError('upload_gone', { media_object_id });
  if (session.phase !== 'complete' && !input.protocols.includes(session.protocol))
    throw new ProblemError('client_key_conflict', {
      field: 'protocols',
      media_object_id,
      detail: `This upload was started as ${session.protocol}.`,
    });
};

const link = async (
  tx: Transaction,
  settings: DomainConfig,
  owner_user_id: string,
  { sha256, client_media_id, size_bytes, conversation_id }: AuthorizeUpload,
): Promise<boolean> => {
  if (sha256 === undefined || size_bytes === 0) return false;
  if (conversation_id !== undefined)
    await assertMember(tx, conversation_id, owner_user_id, { field: 'conversation_id' });
  const linked = await linkDuplicate(tx, settings, { owner_user_id, client_media_id, sha256, size_bytes });
  return linked !== undefined;
};

/**
 * Creates a media object and its upload before any byte is sent. (owner, client_media_id) permanently names one media
 * object: the same call returns the same one. Bytes that the owner has already stored are not requested again.
 *
 * @throws ProblemError `not_found` for a conversation that the owner is not a member of · `client_key_conflict`
 *   · `upload_gone` · `quota_exceeded` · `too_many_uploads`
 */
export const authorizeUpload = async (
  tx: Transaction,
  settings: DomainConfig,
  owner: string,
  input: AuthorizeUpload,
): Promise<AuthorizedUpload> => {
  const duplicate = await link(tx, settings, owner, input);
  if (duplicate) tx.facts.push({ fact: 'upload_finished', protocol: 'none', size_bytes: 0 });
  const { session, created } = await create(tx, settings, owner, input);
  // No byte will arrive, so nothing else would ever finish it.
  if (created && input.size_bytes === 0) await finalizeUpload(tx, settings, session.upload_id, 0);
  const media = await lockMedia(tx, session.upload_id);
  if (media === undefined) throw new Error('an upload without its media object');
  if (!created) assertSame(media, session, input);
  return { media, session, created: created || duplicate, duplicate };
};
