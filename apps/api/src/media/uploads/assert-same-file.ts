import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { UploadSession } from './upload-session.ts';

/** @throws ProblemError `client_key_conflict` when both hashes are known and differ */
export const assertSameHash = (
  media: { media_object_id: string; sha256: string | null },
  sha256: string | undefined,
): void => {
  if (sha256 !== undefined && media.sha256 !== null && media.sha256 !== sha256)
    throw new ProblemError('client_key_conflict', {
      field: 'sha256',
      media_object_id: media.media_object_id,
    });
};

/**
 * Checks that a key which already names an upload is used for the same file: another file's bytes must not continue it.
 *
 * @throws ProblemError `client_key_conflict` when both lengths, or both hashes, are known and differ
 */
export const assertSameFile = async (
  on: Pick<Executor, 'query'>,
  { upload_id, length }: UploadSession,
  file: { length: number | undefined; sha256: string | undefined },
): Promise<void> => {
  if (length !== undefined && file.length !== undefined && length !== file.length)
    throw new ProblemError('client_key_conflict', {
      field: 'client_media_id',
      media_object_id: upload_id,
      detail: `This key names an upload of ${length} bytes.`,
    });
  if (file.sha256 === undefined) return;
  const [media] = await on.query<{ media_object_id: string; sha256: string | null }>(Prisma.sql`
    SELECT media_object_id, sha256 FROM media_object WHERE media_object_id = ${upload_id}::uuid`);
  if (media !== undefined) assertSameHash(media, file.sha256);
};
