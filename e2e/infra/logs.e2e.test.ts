import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '@claimcheck/contracts/errors';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { type OwnServers, startOwnServers } from '../harness/own-servers.ts';
import { runToEnd } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

let system: System;
let servers: OwnServers;
beforeAll(async () => {
  servers = await startOwnServers(inject('stack'), ['postgres', 's3']);
  system = await startSystem(servers.env, { LOG_LEVEL: 'info', DOWNLOAD_MODE: 'proxy' });
}, 120_000);
afterAll(async () => {
  await system?.stop();
  await servers?.stop();
});

const linesOf = async (): Promise<Record<string, unknown>[]> =>
  system.apps.api
    .logTail(5_000)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

const lineWith = (fits: (line: Record<string, unknown>) => boolean, what: string) =>
  until(async () => (await linesOf()).find(fits), { withinMs: 20_000, what });

test('a request id is accepted, returned, and appears in the problem and in the log', async () => {
  const ann = new ChatUser(system, 'ann');
  const response = await ann.fetch('/v1/media/0198f5a2-7c00-7000-8000-000000000001', {
    headers: { 'x-request-id': 'support-42' },
  });
  expect(response.headers.get('x-request-id')).toBe('support-42');
  expect(((await response.json()) as Problem).request_id).toBe('support-42');
  const line = await lineWith(({ request_id }) => request_id === 'support-42', 'a line of the request');
  expect(line).toMatchObject({
    msg: 'request',
    status: 404,
    code: 'not_found',
    user_id: 'ann',
    level: 'info',
  });
});

test.each(['a b', `<script>`, 'x'.repeat(200), ''])('the id %j of a client is replaced', async (id) => {
  const response = await fetch(`${system.apiUrl}/config.json`, { headers: { 'x-request-id': id } });
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('the access log can be switched off', async () => {
  await system.restart('api', { ACCESS_LOG: 'false' });
  const before = (await linesOf()).filter(({ msg }) => msg === 'request').length;
  await fetch(`${system.apiUrl}/config.json`);
  await system.restart('api');
  expect((await linesOf()).filter(({ msg }) => msg === 'request')).toHaveLength(before);
}, 60_000);

test('a secret that changes in its file leaves an audit line that names the variable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-secret-'));
  const path = join(folder, 'tickets');
  try {
    await writeFile(path, `one:${'x'.repeat(32)}`);
    await system.restart('api', { TOKEN_SECRETS: '', TOKEN_SECRETS_FILE: path });
    await writeFile(path, `two:${'y'.repeat(32)},one:${'x'.repeat(32)}`);
    const line = await lineWith(({ action }) => action === 'secrets reload', 'the audit line');
    expect(line).toMatchObject({ audit: true, actor: 'file', object: { variables: ['TOKEN_SECRETS'] } });
    expect(JSON.stringify(line)).not.toMatch(/xxxx|yyyy/);
  } finally {
    await rm(folder, { recursive: true });
    await system.restart('api');
  }
}, 90_000);

describe('a server that does not answer', () => {
  const freeze = async (pid: number, during: () => Promise<void>) => {
    // Postgres has a process for each connection.
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const pids = [pid, ...children.split(' ').filter(Boolean).map(Number)];
    for (const one of pids) process.kill(one, 'SIGSTOP');
    try {
      await during();
    } finally {
      for (const one of pids) process.kill(one, 'SIGCONT');
    }
  };

  test('Postgres: 503 with Retry-After, one warning when it goes and one when it returns', async () => {
    const ann = new ChatUser(system, 'ann');
    const pid = servers.services.postgres?.pid ?? 0;
    const before = (await linesOf()).length;
    await freeze(pid, async () => {
      const response = await ann.fetch('/v1/conversations');
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ code: 'unavailable', retryable: true });
      await lineWith(
        ({ msg, dependency }) => msg === 'dependency is away' && dependency === 'database',
        'a warning',
      );
    });
    await lineWith(
      ({ msg, dependency }) => msg === 'dependency answers again' && dependency === 'database',
      'its end',
    );
    const warnings = (await linesOf()).slice(before).filter(({ dependency }) => dependency === 'database');
    expect(warnings.map(({ msg, level }) => [msg, level])).toEqual([
      ['dependency is away', 'warn'],
      ['dependency answers again', 'warn'],
    ]);
  }, 90_000);

  test('the store: an upload gets 503 with Retry-After, and the log tells of it', async () => {
    const ann = new ChatUser(system, 'ann');
    await freeze(servers.services.s3?.pid ?? 0, async () => {
      const response = await ann.fetch('/v1/uploads', {
        method: 'POST',
        headers: {
          'tus-resumable': '1.0.0',
          'upload-length': '4',
          'content-type': 'application/offset+octet-stream',
          'upload-metadata': 'filename YQ==,filetype dGV4dC9wbGFpbg==',
        },
        body: 'abcd',
      });
      expect([response.status, await response.text()]).toEqual([503, expect.any(String)]);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      await lineWith(
        ({ msg, dependency }) => msg === 'dependency is away' && dependency === 'storage',
        'a warning',
      );
    });
    await lineWith(
      ({ msg, dependency }) => msg === 'dependency answers again' && dependency === 'storage',
      'its end',
    );
  }, 120_000);
});

test.each([
  ['DATABASE_URL', 'postgres://u:hush@127.0.0.1:1/x', 'Postgres (DATABASE_URL) does not answer'],
  ['NATS_URL', 'nats://u:hush@127.0.0.1:1', 'NATS (NATS_URL) does not answer'],
])(
  'at the start, one JSON line names %s and no password',
  async (variable, url, words) => {
    const { code, out } = await runToEnd('apps/api/src/main.ts', {
      ...system.apiEnv,
      [variable]: url,
      ADMIN_PORT: '0',
    });
    expect(code).toBe(1);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ level }) => level === 'fatal')).toEqual([
      expect.objectContaining({ msg: expect.stringContaining(words) }),
    ]);
    expect(out).not.toContain('hush');
  },
  60_000,
);
