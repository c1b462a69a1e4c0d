import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';
import { writeMedia } from './write-media.ts';

/**
 * Ends an upload whose stored bytes are not the authorised ones, or can never arrive. Its remains are swept. Repeatable;
 * a finished or ended upload stays as it is.
 *
 * @returns whether this call ended it
 */
export const failUpload = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectId: string,
  code: FailureCode,
): Promise<boolean> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row?.state !== 'uploading' || row.upload_state !== 'uploading') return false;
  await tx.query(Prisma.sql`
    UPDATE upload_session SET phase = 'expired', lease_owner = NULL, updated_at = now()
    WHERE upload_id = ${mediaObjectId}::uuid`);
  await writeMedia(tx, settings, row, {
    state: 'failed',
    upload_state: 'failed',
    failure_code: code,
    failure_message: FAILURES[code],
    ready_by: null,
  });
  return true;
};
