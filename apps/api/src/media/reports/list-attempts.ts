import { type Database, Prisma } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';

/** One request to a worker, as far as the outbox still has it. */
export interface Attempt {
  epoch: number | null;
  /** `optimize` or `transcode`. */
  request: string;
  asked_at: Date;
  /** Null: not published yet. */
  published_at: Date | null;
  /** Its position in the broker. */
  stream_seq: number | null;
}

/** Returns the requests for a media object, oldest first; published ones are pruned after a while. */
export const listAttempts = (
  database: Database,
  { subjects }: DomainConfig,
  mediaObjectId: string,
): Promise<Attempt[]> =>
  database.query<Attempt>(Prisma.sql`
  SELECT (payload->>'epoch')::int AS epoch,
    CASE subject WHEN ${subjects.transcodeRequest} THEN 'transcode' ELSE 'optimize' END AS request,
    created_at AS asked_at, published_at, stream_seq::float8 AS stream_seq
  FROM outbox
  WHERE payload->>'mediaId' = ${mediaObjectId}
    AND subject IN (${subjects.optimizeRequest}, ${subjects.transcodeRequest})
  ORDER BY created_at`);
