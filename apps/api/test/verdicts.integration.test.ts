import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { VirusEvent } from '@claimcheck/contracts/broker-events';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { blockKnownBytes, listSameBytes } from '../src/media/lifecycle/block-media.ts';
import { redriveMedia } from '../src/media/lifecycle/redrive-media.ts';
import { findKnownVirus, forgetVerdicts } from '../src/media/lifecycle/verdicts.ts';
import { createConversation } from '../src/media/messages/conversations.ts';
import { listMessages } from '../src/media/messages/list-messages.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { type MediaRow, readMedia } from '../src/media/record/media-row.ts';
import { listPurgeable, purgeBlocked } from '../src/media/removal/purge-blocked.ts';
import { type ApplyOutcome, applyResult } from '../src/media/results/apply-result.ts';
import { applyVirus } from '../src/media/results/apply-virus.ts';
import {
  databaseTime,
  listRescannable,
  requestRescan,
  rescanProgress,
} from '../src/media/results/rescan-requests.ts';
import type { Result } from '../src/media/results/result.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

const FIRST = '00000000-0000-0000-0000-000000000000';
const SCANNER = 'ClamAV 1.4.6/27000';
const newHash = () => randomBytes(32).toString('hex');

const apply = (result: Partial<Result> & { mediaId: string }): Promise<ApplyOutcome> =>
  db.database.transaction((tx) =>
    applyResult(tx, settings, {
      originalUrl: 'https://media.example/x',
      success: true,
      epoch: 1,
      processed: [],
      ...result,
    }),
  );

/** Creates a document that a worker has scanned and found clean. */
const readyDocument = async (sha256: string): Promise<string> => {
  const mediaId = await db.uploaded('application/pdf');
  const known = { mediaId, sha256, contentType: 'application/pdf' };
  await apply({ ...known, stage: 'scan', code: 'clean', scanner: SCANNER });
  await apply({ ...known, stage: 'final' });
  expect((await rowOf(mediaId)).state).toBe('ready');
  return mediaId;
};

const rowOf = async (id: string): Promise<MediaRow> => {
  const row = await readMedia(db.database, id);
  if (row === undefined) throw new Error('no such row');
  return row;
};

const infect = (mediaId: string, fields: Partial<VirusEvent> = {}) =>
  db.database.transaction((tx) =>
    applyVirus(tx, settings, {
      mediaId,
      s3Key: `${mediaId}/source`,
      s3Bucket: 'claimcheck',
      mediaUrl: 'https://media.example/x',
      virusName: 'Test.Virus',
      detectedAt: new Date().toISOString(),
      actionTaken: 'deleted_from_object_store',
      scanner: SCANNER,
      ...fields,
    }),
  );

const shared = async (mediaId: string): Promise<string> => {
  const { conversation } = await db.database.transaction((tx) =>
    createConversation(tx, { created_by: 'ann', member_ids: ['ann', 'ben'] }),
  );
  const message = { client_message_id: mediaId, message_type: 'file' as const, media_object_id: mediaId };
  await db.database.transaction((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id: conversation.conversation_id, sender_user_id: 'ann' },
      message,
    ),
  );
  return conversation.conversation_id;
};

describe('the same bytes again', () => {
  test('are blocked by the first result with their hash, before a thumbnail is shown', async () => {
    const sha256 = newHash();
    await infect(await db.uploaded(), { sha256 });
    const again = await db.uploaded();
    const thumbnail = { quality: 'thumbnail', format: 'webp', key: `${again}/e1/thumbnail.webp`, size: 1 };
    const preview = { mediaId: again, stage: 'preview', sha256, thumbhash: 'YWJj', processed: [thumbnail] };
    expect(await apply(preview)).toBe('known_infected');
    expect(await rowOf(again)).toMatchObject({
      state: 'blocked',
      scan_state: 'infected',
      virus_name: 'Test.Virus',
      thumbhash: null,
      waveform: [],
      page_count: null,
      derivatives: [],
    });
    expect(await apply({ mediaId: again, stage: 'final', sha256 })).toBe('tombstone');
  });

  test('elsewhere are blocked afterwards; media that only claims the hash is not', async () => {
    const sha256 = newHash();
    const first = await readyDocument(sha256);
    const second = await readyDocument(sha256);
    const claims = await db.uploaded();
    await db.database.client.media_object.update({ where: { media_object_id: claims }, data: { sha256 } });
    await infect(first, { sha256 });
    expect(await listSameBytes(db.database, sha256, 10)).toEqual([second]);
    const block = () => db.database.transaction((tx) => blockKnownBytes(tx, settings, second));
    expect(await block()).toEqual([`${second}/source`]);
    expect(await block()).toBeUndefined();
    expect((await rowOf(second)).state).toBe('blocked');
    expect((await rowOf(claims)).state).toBe('processing');
  });

  test('are recognised by an earlier hash even if the worker now reports none', async () => {
    const sha256 = newHash();
    const id = await readyDocument(sha256);
    expect(await infect(id, { scanner: undefined })).toMatchObject({ outcome: 'applied', sha256 });
    expect(await findKnownVirus(db.database, sha256)).toBe('Test.Virus');
  });

  test('may come again when a newer scanner finds them clean, or the verdict is forgotten', async () => {
    const healed = newHash();
    const stays = await readyDocument(healed);
    await infect(await db.uploaded(), { sha256: healed });
    expect(await findKnownVirus(db.database, healed)).toBe('Test.Virus');
    await apply({ mediaId: stays, stage: 'rescan', code: 'clean', sha256: healed, scanner: 'ClamAV 1.5/1' });
    expect(await findKnownVirus(db.database, healed)).toBeUndefined();

    const forgotten = newHash();
    await infect(await db.uploaded(), { sha256: forgotten });
    expect(await db.database.transaction((tx) => forgetVerdicts(tx, forgotten))).toBe(1);
    await readyDocument(forgotten);
  });
});

describe('VIRUS_POLICY=hard', () => {
  test('takes the media object out of the messages and deletes its row, once every conversation is notified', async () => {
    const id = await readyDocument(newHash());
    const conversation = await shared(id);
    await infect(id);
    expect(await listPurgeable(db.database, FIRST, 100)).toContain(id);
    expect(await db.database.transaction((tx) => purgeBlocked(tx, id))).toBe(true);
    expect(await db.database.transaction((tx) => purgeBlocked(tx, id))).toBe(false);
    expect(await readMedia(db.database, id)).toBeUndefined();
    const { messages } = await listMessages(
      db.database,
      settings,
      { conversation_id: conversation, viewer_id: 'ben' },
      { limit: 10 },
    );
    expect(messages).toMatchObject([{ message_type: 'file', sender_user_id: 'ann' }]);
    expect(messages[0]?.media_object_id).toBeUndefined();
    expect(messages[0]?.media).toBeUndefined();
    const events = await db.database.client.conversation_event.findMany({
      where: { conversation_id: conversation, type: 'media_updated' },
      orderBy: { seq: 'asc' },
    });
    expect(events.at(-1)?.payload).toMatchObject({ media: { state: 'blocked', media_object_id: id } });
  });

  test('waits while conversations are still to be notified', async () => {
    const id = await readyDocument(newHash());
    await infect(id);
    await db.database.client.fanout.create({ data: { media_object_id: id, rev: 1 } });
    expect(await listPurgeable(db.database, FIRST, 100)).not.toContain(id);
    expect(await db.database.transaction((tx) => purgeBlocked(tx, id))).toBe(false);
    expect((await rowOf(id)).state).toBe('blocked');
  });

  test('leaves unblocked media alone', async () => {
    const id = await readyDocument(newHash());
    expect(await db.database.transaction((tx) => purgeBlocked(tx, id))).toBe(false);
    expect((await rowOf(id)).state).toBe('ready');
  });
});

describe('a rescan', () => {
  const listed = async (since: Date) =>
    (await listRescannable(db.database, since, FIRST, 1_000)).map(({ media_object_id }) => media_object_id);

  test('requests media without a verdict since it started, and resumes after an interruption', async () => {
    const before = await databaseTime(db.database);
    const sha256 = newHash();
    const id = await readyDocument(sha256);
    const busy = await db.uploaded();
    expect(await listed(before)).not.toContain(id);

    const since = await databaseTime(db.database);
    expect(await listed(since)).toContain(id);
    expect(await listed(since)).not.toContain(busy);
    await db.database.transaction((tx) => requestRescan(tx, settings, [id]));
    const requests = await db.database.client.outbox.findMany({
      where: { subject: settings.subjects.optimizeRequest },
    });
    const payloads = requests.map(({ payload }) => payload as Record<string, unknown>);
    expect(payloads.find(({ mediaId, only }) => mediaId === id && only === 'scan')).toMatchObject({
      s3Key: `${id}/source`,
      epoch: 1,
    });
    expect(await rescanProgress(db.database, since, [id])).toEqual({ blocked: 0, judged: 0, open: [id] });

    const { rev } = await rowOf(id);
    expect(await apply({ mediaId: id, stage: 'rescan', code: 'clean', sha256 })).toBe('rescanned');
    expect((await rowOf(id)).rev).toBe(rev);
    expect(await rescanProgress(db.database, since, [id])).toEqual({ blocked: 0, judged: 1, open: [] });
    expect(await listed(since)).not.toContain(id);
  });

  test('that finds a virus blocks; one that could not look changes nothing', async () => {
    const sha256 = newHash();
    const id = await readyDocument(sha256);
    const since = await databaseTime(db.database);
    await apply({ mediaId: id, stage: 'rescan', success: false, code: 'source_missing' });
    expect(await rescanProgress(db.database, since, [id])).toMatchObject({ open: [id] });
    expect((await rowOf(id)).state).toBe('ready');
    await infect(id, { sha256 });
    expect(await rescanProgress(db.database, since, [id])).toEqual({ blocked: 1, judged: 0, open: [] });
  });

  test('makes clean what was skipped before', async () => {
    const mediaId = await db.uploaded('application/pdf');
    await apply({ mediaId, stage: 'scan', code: 'skipped', contentType: 'application/pdf' });
    await apply({ mediaId, stage: 'final' });
    const sha256 = newHash();
    await apply({ mediaId, stage: 'rescan', code: 'clean', sha256 });
    expect(await rowOf(mediaId)).toMatchObject({ state: 'ready', scan_state: 'clean', sha256 });
  });

  /** Settled before a worker could report its hash: the row contains its uploader's claim. */
  const unverified = async (sha256: string, code: string): Promise<string> => {
    const id = await db.uploaded('application/pdf');
    await db.database.client.media_object.update({ where: { media_object_id: id }, data: { sha256 } });
    await apply({ mediaId: id, stage: 'final', success: false, code });
    expect(await rowOf(id)).toMatchObject({ state: 'failed', sha256, is_sha256_verified: false });
    return id;
  };

  test('is answered for bytes that are not what their uploader claimed; they stay refused', async () => {
    for (const code of ['hash_mismatch', 'no_verdict']) {
      const mediaId = await unverified(newHash(), code);
      const since = await databaseTime(db.database);
      const sha256 = newHash();
      await apply({ mediaId, stage: 'rescan', code: 'clean', sha256 });
      expect(await rescanProgress(db.database, since, [mediaId])).toMatchObject({ judged: 1, open: [] });
      expect(await listed(since)).not.toContain(mediaId);
      const failed = { state: 'failed', failure_code: 'hash_mismatch', sha256, is_sha256_verified: true };
      expect(await rowOf(mediaId)).toMatchObject(failed);
      expect(await db.database.transaction((tx) => redriveMedia(tx, settings, mediaId))).toEqual({
        refused: 'failed',
      });
    }
  });

  test('verifies a claim that is true, and the failed media object can be processed again', async () => {
    const sha256 = newHash();
    const mediaId = await unverified(sha256, 'no_verdict');
    await apply({ mediaId, stage: 'rescan', code: 'clean', sha256 });
    expect(await rowOf(mediaId)).toMatchObject({
      failure_code: 'no_verdict',
      is_sha256_verified: true,
    });
    expect(await db.database.transaction((tx) => redriveMedia(tx, settings, mediaId))).toHaveProperty(
      'media',
    );
  });

  test('scans bytes whose hash is only claimed, whatever the verdict on that hash', async () => {
    const since = await databaseTime(db.database);
    const sha256 = newHash();
    await readyDocument(sha256);
    const claims = await unverified(sha256, 'no_verdict');
    expect(await listRescannable(db.database, since, FIRST, 1_000)).toContainEqual({
      media_object_id: claims,
      sha256: null,
    });
    expect(await rescanProgress(db.database, since, [claims])).toMatchObject({ open: [claims] });
  });

  test('continues after a page without an answer', async () => {
    await Promise.all(Array.from({ length: 17 }, () => readyDocument(newHash())));
    const since = await databaseTime(db.database);
    const mute = (await listRescannable(db.database, since, FIRST, 16)).map((one) => one.media_object_id);
    const answer = async () => {
      const requests = await db.database.client.outbox.findMany({ where: { created_at: { gte: since } } });
      for (const { payload } of requests) {
        const { mediaId = '', only } = payload as { mediaId?: string; only?: string };
        if (only !== 'scan' || mute.includes(mediaId)) continue;
        const { sha256 } = await rowOf(mediaId);
        await apply({ mediaId, stage: 'rescan', code: 'clean', sha256: sha256 ?? newHash() });
      }
    };
    const lines: string[] = [];
    let isOver = false;
    const run = runCli(
      COMMANDS,
      ['rescan', '--json', '--timeout', '2s', '--since', since.toISOString()],
      { ...inject('stack'), DATABASE_URL: db.url, AUTH_JWT_SECRET: 'x'.repeat(32) },
      { out: (text) => lines.push(text), error: (text) => lines.push(text), audit: () => {} },
    ).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await answer();
      await pause(100);
    }
    expect(await run, lines.join('')).toBe(1);
    const report: { unanswered: number; clean_or_unscannable: number } = JSON.parse(lines.join(''));
    expect(report.unanswered).toBeGreaterThan(0);
    expect(report.clean_or_unscannable).toBeGreaterThan(0);
  });
});
