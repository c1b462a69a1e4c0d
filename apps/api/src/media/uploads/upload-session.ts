import { type Executor, Prisma } from '@claimcheck/database/database';

/** One upload as its row describes it. `offset` is committed, and the one that clients see. Sizes in bytes. */
export interface UploadSession {
  upload_id: string;
  media_object_id: string | null;
  owner_user_id: string;
  protocol: 'tus' | 'put' | 'multipart';
  phase: 'open' | 'completing' | 'complete' | 'aborted' | 'expired';
  is_partial: boolean;
  length: number | undefined;
  offset: number;
  part_size: number;
  object_storage_key: string;
  s3_upload_id: string | undefined;
  /** As the client sent them, so that the protocol can return them. */
  metadata: string | undefined;
  concat: string | undefined;
  /** Time of the first Complete for the parts. */
  completing_at: Date | null;
  expires_at: Date;
  created_at: Date;
}

/** The row of {@link UploadSession}. */
export type SessionRow = Omit<
  UploadSession,
  'length' | 'offset' | 'part_size' | 's3_upload_id' | 'metadata' | 'concat'
> & {
  length: bigint | null;
  offset: bigint;
  part_size: bigint | null;
  s3_upload_id: string | null;
  metadata: string | null;
  concat: string | null;
  lease_epoch: number;
};

export const toSession = (row: SessionRow): UploadSession => ({
  ...row,
  length: row.length === null ? undefined : Number(row.length),
  offset: Number(row.offset),
  part_size: Number(row.part_size),
  s3_upload_id: row.s3_upload_id ?? undefined,
  metadata: row.metadata ?? undefined,
  concat: row.concat ?? undefined,
});

/** Stores need minutes for a large Complete, and may hide object and multipart upload meanwhile. */
const COMPLETE_TAKES_MS = 600_000;

/** Returns whether a Complete may still be running: an object missing now is not lost yet. */
export const mayBeCompleting = ({ completing_at }: Pick<UploadSession, 'completing_at'>): boolean =>
  completing_at !== null && Date.now() - completing_at.getTime() < COMPLETE_TAKES_MS;

export const findSession = async (
  on: Pick<Executor, 'query'>,
  uploadId: string,
): Promise<UploadSession | undefined> => {
  const [row] = await on.query<SessionRow>(Prisma.sql`
    SELECT * FROM upload_session WHERE upload_id = ${uploadId}::uuid`);
  return row === undefined ? undefined : toSession(row);
};

/** All bytes are stored, and the upload is unfinished because its last request died. */
export const needsRecovery = ({
  phase,
  offset,
  length,
}: Pick<UploadSession, 'phase' | 'offset' | 'length'>): boolean =>
  phase === 'completing' || (phase === 'open' && offset === length);
