import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '@claimcheck/contracts/errors';
import type { ManagedService } from '@claimcheck/local-stack/managed-process';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { startOwnServers } from '../harness/own-servers.ts';
import { startReplica } from '../harness/replica.ts';
import { runToEnd } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem(inject('stack'), { LOG_LEVEL: 'info', DOWNLOAD_MODE: 'proxy' });
});
afterAll(() => system?.stop());

const linesOf = (api: ManagedService): Record<string, unknown>[] =>
  api
    .logTail(5_000)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

const lineWith = (api: ManagedService, fits: (line: Record<string, unknown>) => boolean, what: string) =>
  until(() => linesOf(api).find(fits), { withinMs: 20_000, what });

const saysOf = (server: string, words: string) => (line: Record<string, unknown>) =>
  line.msg === words && line.dependency === server;

/** Runs `work` on a system with a server of its own, which may be frozen. */
const withOwnServer = async (
  name: 'postgres' | 's3',
  work: (own: { api: System['apps']['api']; ann: ChatUser; pid: number }) => Promise<void>,
): Promise<void> => {
  const servers = await startOwnServers(inject('stack'), [name]);
  const own = await startSystem(servers.env, { LOG_LEVEL: 'info' });
  try {
    const pid = servers.services[name]?.pid ?? 0;
    await work({ api: own.apps.api, ann: new ChatUser(own, 'ann'), pid });
  } finally {
    await own.stop();
    await servers.stop();
  }
};

/** Stops a server and its children without closing a connection. */
const freeze = async (pid: number, during: () => Promise<void>): Promise<void> => {
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

test('a request id is accepted, returned, and appears in the problem and in the log', async () => {
  const ann = new ChatUser(system, 'ann');
  const response = await ann.fetch('/v1/media/0198f5a2-7c00-7000-8000-000000000001', {
    headers: { 'x-request-id': 'support-42' },
  });
  expect(response.headers.get('x-request-id')).toBe('support-42');
  expect(((await response.json()) as Problem).request_id).toBe('support-42');
  const line = await lineWith(
    system.apps.api,
    ({ request_id }) => request_id === 'support-42',
    'a line of the request',
  );
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
  const { url, service } = await startReplica(system, { env: { ACCESS_LOG: 'false' } });
  expect((await fetch(`${url}/config.json`)).status).toBe(200);
  await service.stop();
  expect(linesOf(service)).not.toEqual([]);
  expect(linesOf(service).filter(({ msg }) => msg === 'request')).toEqual([]);
}, 60_000);

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

// At the same time: each mostly waits for a time-out.
describe.concurrent('while it runs', () => {
  test('a secret that changes in its file leaves an audit line that names the variable', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-secret-'));
    const path = join(folder, 'tickets');
    await writeFile(path, `one:${'x'.repeat(32)}`);
    const env = { TOKEN_SECRETS: '', TOKEN_SECRETS_FILE: path };
    const { service } = await startReplica(system, { env });
    try {
      await writeFile(path, `two:${'y'.repeat(32)},one:${'x'.repeat(32)}`);
      const line = await lineWith(service, ({ action }) => action === 'secrets reload', 'the audit line');
      expect(line).toMatchObject({ audit: true, actor: 'file', object: { variables: ['TOKEN_SECRETS'] } });
      expect(JSON.stringify(line)).not.toMatch(/xxxx|yyyy/);
    } finally {
      await service.stop();
      await rm(folder, { recursive: true });
    }
  }, 90_000);
  test('Postgres does not answer: 503 with Retry-After, one warning when it goes and one when it returns', async () => {
    await withOwnServer('postgres', async ({ api, ann, pid }) => {
      const before = linesOf(api).length;
      await freeze(pid, async () => {
        const response = await ann.fetch('/v1/conversations');
        expect(response.status).toBe(503);
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await response.json()).toMatchObject({ code: 'unavailable', retryable: true });
        await lineWith(api, saysOf('database', 'dependency is away'), 'a warning');
      });
      await lineWith(api, saysOf('database', 'dependency answers again'), 'its end');
      const warnings = linesOf(api)
        .slice(before)
        .filter(({ dependency }) => dependency === 'database');
      expect(warnings.map(({ msg, level }) => [msg, level])).toEqual([
        ['dependency is away', 'warn'],
        ['dependency answers again', 'warn'],
      ]);
    });
  }, 180_000);

  test('the store does not answer: an upload gets 503 with Retry-After, and the log tells of it', async () => {
    await withOwnServer('s3', async ({ api, ann, pid }) => {
      await freeze(pid, async () => {
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
        await lineWith(api, saysOf('storage', 'dependency is away'), 'a warning');
      });
      await lineWith(api, saysOf('storage', 'dependency answers again'), 'its end');
    });
  }, 180_000);
});
