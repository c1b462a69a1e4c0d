import { randomUUID } from 'node:crypto';
import { type Database, Prisma } from '@claimcheck/database/database';

const PER_TRANSACTION = 100;
const TRANSACTIONS_AT_ONCE = 4;

/** The `media.updated` of a ready photo, the most frequent message. */
export const eventPayload = (): { media: object } => {
  const media_object_id = randomUUID();
  const url = (quality: string) => `https://media.example/v1/media/${media_object_id}/${quality}`;
  return {
    media: {
      media_object_id,
      rev: 4,
      state: 'ready',
      kind: 'image',
      owner_user_id: 'bench-user',
      filename: 'IMG_20261120_134501.jpg',
      content_type: 'image/jpeg',
      size_bytes: 4_182_733,
      width: 3_024,
      height: 4_032,
      thumbhash: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
      upload_state: 'uploaded',
      thumbnail_state: 'ready',
      scan_state: 'clean',
      transcode_state: 'none',
      mediaUrl: url('medium'),
      thumbnailUrl: url('thumbnail'),
      lowUrl: url('low'),
      mediumUrl: url('medium'),
      highUrl: url('high'),
      created_at: new Date().toISOString(),
    },
  };
};

/** Commits one transaction with `count` messages. @returns their ids */
export const commitMessages = async (
  database: Database,
  subject: string,
  count: number,
): Promise<string[]> => {
  const data = Array.from({ length: count }, () => ({ id: randomUUID(), subject, payload: eventPayload() }));
  await database.transaction(async (tx) => {
    await tx.query(Prisma.sql`
      INSERT INTO outbox (id, subject, payload)
      SELECT id, subject, payload FROM jsonb_to_recordset(${JSON.stringify(data)}::jsonb)
        AS new (id uuid, subject text, payload jsonb)`);
    tx.facts.push({ fact: 'outbox', messages: [], claim: undefined });
  });
  return data.map(({ id }) => id);
};

/** Creates a backlog with realistic transactions. */
export const commitBacklog = async (database: Database, subject: string, count: number): Promise<void> => {
  let left = count;
  const commitSome = async (): Promise<void> => {
    while (left > 0) {
      const some = Math.min(PER_TRANSACTION, left);
      left -= some;
      await commitMessages(database, subject, some);
    }
  };
  await Promise.all(Array.from({ length: TRANSACTIONS_AT_ONCE }, commitSome));
};
