import { Prisma, type Transaction } from '@claimcheck/database/database';
import { postponeExpiry } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';

/**
 * Gives the new name to a media object of the same owner in which a worker found these bytes. It reads only the owner's own
 * media objects, so it reveals nothing about other users. An unreferenced one gets its full time again.
 *
 * @returns the media object's id; undefined when none matches, or when the name is taken
 */
export const linkDuplicate = async (
  tx: Transaction,
  settings: DomainConfig,
  upload: { owner_user_id: string; client_media_id: string; sha256: string; size_bytes: number },
): Promise<string | undefined> => {
  const [row] = await tx.query<{ media_object_id: string }>(Prisma.sql`
    WITH found AS (
      SELECT media_object_id FROM media_object
      WHERE owner_user_id = ${upload.owner_user_id} AND sha256 = ${upload.sha256} AND is_sha256_verified
        AND size_bytes = ${upload.size_bytes}::bigint AND upload_state = 'uploaded'
        AND state IN ('ready', 'degraded')
      ORDER BY created_at LIMIT 1 FOR UPDATE)
    INSERT INTO media_alias (owner_user_id, client_media_id, media_object_id)
    SELECT ${upload.owner_user_id}, ${upload.client_media_id}, media_object_id FROM found
    ON CONFLICT DO NOTHING RETURNING media_object_id`);
  if (row === undefined) return undefined;
  await postponeExpiry(tx, row.media_object_id, new Date(Date.now() + settings.orphanTtlMs));
  return row.media_object_id;
};
