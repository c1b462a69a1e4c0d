import { randomBytes } from 'node:crypto';
import { subjectsOf } from '@claimcheck/contracts/subjects';
import { type CommittedFact, Database } from '@claimcheck/database/database';
import { migrate } from '@claimcheck/database/migrate';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createConversation } from '../../src/media/messages/conversations.ts';
import { sendMessage } from '../../src/media/messages/send-message.ts';
import type { DomainConfig } from '../../src/media/record/domain-config.ts';
import { createUpload } from '../../src/media/uploads/create-upload.ts';
import { finalizeUpload } from '../../src/media/uploads/finalize-upload.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the test run's servers. */
    stack: Record<string, string>;
  }
}

export const settings: DomainConfig = {
  subjects: subjectsOf('test'),
  publicUrl: 'https://media.example',
  bucket: 'claimcheck',
  facts: 'changes',
  scanPolicy: 'gate',
  scanUnscannable: 'deliver-large',
  sourceAccess: 'members',
  readyDeadlineMs: 120_000,
  readyDeadlineMaxMs: 3_600_000,
  maxAttempts: 5,
  uploadTtlMs: 86_400_000,
  orphanTtlMs: 86_400_000,
  orphanGraceMs: 86_400_000,
  sweepAgainMs: 90_000_000,
  userQuotaBytes: undefined,
  maxOpenUploads: 1_000,
  maxUploadsPerDay: undefined,
};

export interface TestDatabase {
  url: string;
  database: Database;
  /** Facts that were announced after commits. */
  facts: CommittedFact[];
  /** Creates an uploaded media object of `ann` in state processing, epoch 1. */
  uploaded(filetype?: string, changed?: Partial<DomainConfig>): Promise<string>;
  /** Creates a conversation of `ann` with a message that refers to the media object. @returns the message's id */
  shared(mediaObjectId: string, conversationId: string): Promise<string>;
  close(): Promise<void>;
}

/** Creates a separate database on the test run's Postgres, with all migrations. */
export const createTestDatabase = async (ownerUrl: string): Promise<TestDatabase> => {
  const name = `api_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: ownerUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(ownerUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  const facts: CommittedFact[] = [];
  const database = new Database({ url: url.href, onCommit: (committed) => facts.push(...committed) });
  return {
    url: url.href,
    database,
    facts,
    close: () => database.close(),
    uploaded: async (filetype = 'image/jpeg', changed = {}) => {
      const rules = { ...settings, ...changed };
      const { session } = await database.transaction((tx) =>
        createUpload(tx, rules, {
          owner_user_id: 'ann',
          length: 1_000,
          part_size: 8_388_608,
          metadata: { filename: 'a.jpg', filetype, client_media_id: uuidv7() },
        }),
      );
      await database.transaction((tx) => finalizeUpload(tx, rules, session.upload_id, 1_000));
      return session.upload_id;
    },
    shared: async (media_object_id, conversation_id) => {
      await database.transaction((tx) =>
        createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }),
      );
      const { message } = await database.transaction((tx) =>
        sendMessage(
          tx,
          settings,
          { conversation_id, sender_user_id: 'ann' },
          {
            client_message_id: uuidv7(),
            message_type: 'image',
            media_object_id,
          },
        ),
      );
      return message.message_id;
    },
  };
};
