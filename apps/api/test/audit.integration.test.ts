import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@claimcheck/platform/process/logger';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { auditWriter } from '../src/cli/audit-writer.ts';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { type CallOptions, callApi } from './harness/call-api.ts';
import { readyMedia } from './harness/ready-media.ts';
import { createTalks } from './harness/talks.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { createTestBucket } from './harness/test-bucket.ts';

let api: TestApi;
let folder: string;
let written: string[] = [];

const linesOf = (texts: readonly string[]): Record<string, unknown>[] =>
  texts.map((text) => JSON.parse(text)).filter(({ msg }) => msg === 'audit');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-audit-'));
  // Audit lines do not depend on the level of the others.
  const logger = createLogger('api', 'error', { write: (line) => written.push(line) });
  api = await startTestApi(inject('stack'), {}, { logger });
});
afterAll(async () => {
  await api?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  written = [];
});

/** Sends a request of the host's backend. */
const asHost = async (method: string, path: string, options: CallOptions = {}): Promise<number> => {
  const token = api.tokenFor('moderator', { scope: 'claimcheck:admin' });
  const response = await callApi(api, method, path, {
    token,
    headers: { 'x-request-id': 'ticket-7' },
    ...options,
  });
  await response.arrayBuffer();
  return response.status;
};

/** Returns the audit lines once there are as many; an answer may reach its caller before its line is written. */
const audited = async (count: number) => {
  await expect.poll(() => linesOf(written).length).toBeGreaterThanOrEqual(count);
  return linesOf(written);
};

test('each request of a backend has one line with actor, action, object, reason and request id', async () => {
  const id = await readyMedia(api);
  const talk = await createTalks(api).talk();
  written = [];
  const host = { audit: true, level: 'info', actor: 'moderator', request_id: 'ticket-7' };
  const items = [{ id, quality: 'thumbnail' }];
  const body = { items };
  expect(await asHost('POST', '/v1/media/urls', { body })).toBe(200);
  expect(await asHost('GET', `/v1/media/${id}/source`)).toBe(302);
  const message = { client_message_id: uuidv7(), message_type: 'image', media_object_id: id };
  expect(await asHost('POST', `${talk.path}/messages`, { body: message })).toBe(201);
  expect(await asHost('DELETE', `/v1/media/${id}?force=true&reason=court+order`)).toBe(204);
  expect(await asHost('DELETE', '/v1/users/ann?reason=asked+for+it')).toBe(204);
  const [urls, source, sent, takedown, erasure, ...others] = await audited(5);
  expect(others).toEqual([]);
  expect(urls).toMatchObject({ ...host, action: 'POST /v1/media/urls', object: { items }, status: 200 });
  expect(source).toMatchObject({
    ...host,
    action: 'GET /v1/media/:id/:quality',
    object: { id, quality: 'source' },
    status: 302,
  });
  expect(sent).toMatchObject({
    ...host,
    action: 'POST /v1/conversations/:id/messages',
    object: { id: talk.id, message_id: expect.any(String), media_object_id: id },
  });
  expect(takedown).toMatchObject({
    ...host,
    action: 'DELETE /v1/media/:id',
    object: { id, new: true },
    reason: 'court order',
    status: 204,
  });
  expect(erasure).toMatchObject({ ...host, object: { userId: 'ann' }, reason: 'asked for it' });
});

test("a user's own requests and refused ones leave no audit line", async () => {
  const { call, talk } = createTalks(api);
  const id = await readyMedia(api);
  const { path } = await talk();
  expect((await call('ann', 'GET', `/v1/media/${id}`)).status).toBe(200);
  expect((await call('ann', 'DELETE', `/v1/media/${id}`)).status).toBe(204);
  expect((await call('ann', 'DELETE', '/v1/users/ben')).status).toBe(403);
  expect(await asHost('DELETE', `/v1/media/${uuidv7()}?force=true`)).toBe(404);
  // This one has a line, so the earlier ones would be there, too.
  expect(await asHost('GET', path)).toBe(200);
  expect(await audited(1)).toHaveLength(1);
});

const cli = async (env: Record<string, string>, ...argv: string[]) => {
  const audit: string[] = [];
  let error = '';
  const code = await runCli(COMMANDS, argv, env, {
    out: () => {},
    error: (text) => {
      error += text;
    },
    audit: (line) => audit.push(line),
  });
  expect([code, error]).toEqual([0, '']);
  return linesOf(audit);
};

test('a command that changes media has a line with the operator and the reason', async () => {
  const id = await readyMedia(api);
  const order = ['--by', 'eve', '--reason', 'court order 7'];
  expect(await cli(api.env, 'media', 'erase', id, ...order)).toEqual([
    expect.objectContaining({
      app: 'cli',
      audit: true,
      actor: 'eve',
      action: 'media erase',
      object: { media_object_id: id, new: true },
      reason: 'court order 7',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    }),
  ]);
  expect(await cli(api.env, 'user', 'quota', 'ann', '--bytes', '5', '--open', 'default')).toMatchObject([
    {
      actor: userInfo().username,
      action: 'user quota',
      object: { user_id: 'ann', quota_bytes: 5, max_open_uploads: null },
    },
  ]);
  expect(await cli(api.env, 'user', 'quota', 'ann')).toEqual([]);
  expect(await cli(api.env, 'media', 'show', id)).toEqual([]);
});

test('reconcile names each object that it deletes, and a dry run none', async () => {
  const bucket = await createTestBucket(inject('stack'));
  try {
    const keys = [`${uuidv7()}/source`, `${uuidv7()}/source`].toSorted();
    await bucket.putAll(keys);
    const env = { ...api.env, S3_BUCKET: bucket.storage.bucket };
    expect(await cli(env, 'reconcile', '--grace', '0s')).toEqual([]);
    const lines = await cli(env, 'reconcile', '--grace', '0s', '--apply', '--by', 'cron');
    expect(lines.map(({ object }) => object)).toEqual(
      keys.map((key) => ({ s3_bucket: bucket.storage.bucket, key })),
    );
    expect(lines[0]).toMatchObject({ actor: 'cron', action: 'reconcile' });
  } finally {
    await bucket.close();
  }
});

test('audit lines go into AUDIT_FILE, and to standard error without one or where it cannot be written', async () => {
  const errors: string[] = [];
  const take = (text: string) => errors.push(text);
  const file = join(folder, 'audit.log');
  for (const line of ['one\n', 'two\n']) auditWriter({ AUDIT_FILE: file }, take)(line);
  expect(errors).toEqual([]);
  expect(await readFile(file, 'utf8')).toBe('one\ntwo\n');
  auditWriter({ AUDIT_FILE: '' }, take)('three\n');
  auditWriter({ AUDIT_FILE: folder }, take)('four\n');
  expect(errors).toEqual(['three\n', 'four\n']);
});
