import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';
import { systemProgram } from '../harness/system-program.ts';

const CONF = new URL('../../infra/nginx/claimcheck.conf', import.meta.url);

let system: System;
let nginx: ManagedService;
let folder: string;
let url: string;
let ann: ChatUser;
let photo: string;
let bytes: Buffer;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { DOWNLOAD_MODE: 'accel' });
  const port = await freePort(new Set());
  url = `http://127.0.0.1:${port}`;
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-accel-'));
  const store = new URL(system.env.S3_ENDPOINT ?? '').host;
  // The shipped file, with its two addresses replaced as its comments ask.
  const shipped = (await readFile(CONF, 'utf8'))
    .replaceAll('api:8080', new URL(system.apiUrl).host)
    .replaceAll('s3:7070', store)
    .replace('listen 80;', `listen 127.0.0.1:${port};`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off;\nmaster_process off;\npid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${shipped}\n}\n`,
  );
  const program = await systemProgram({
    programs: ['nginx', '/usr/sbin/nginx'],
    aptPackage: 'nginx-light',
    purpose: 'the test of accelerated downloads',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  nginx = await startProcess({
    name: 'nginx',
    command: program,
    args: ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    cwd: folder,
    env: {},
    ready: async () => (await fetch(`${url}/config.json`)).ok,
    timeoutMs: 20_000,
  });
  ann = new ChatUser(system, 'ann');
  bytes = await smallPhoto();
  photo = await ann.upload({ bytes, filename: 'a.jpg', filetype: 'image/jpeg' });
  await ann.mediaIn(photo, ['ready']);
}, 120_000);
afterAll(async () => {
  await nginx?.stop();
  await system?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const get = (token: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/media/${photo}/source`, { headers: { authorization: `Bearer ${token}`, ...headers } });

test('nginx sends the bytes with the headers of the api', async () => {
  const response = await get(ann.token);
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'content-security-policy': expect.stringContaining('sandbox'),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': expect.stringContaining('no-cache'),
  });
  expect(response.headers.get('x-accel-redirect')).toBeNull();
  // The api itself moves none.
  const direct = await ann.fetch(`/v1/media/${photo}/source`);
  expect(direct.headers.get('x-accel-redirect')).toContain('/_claimcheck/');
  expect((await direct.arrayBuffer()).byteLength).toBe(0);
});

test('a range is a range, and one beyond the end is refused', async () => {
  const part = await get(ann.token, { range: 'bytes=100-199' });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${bytes.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
  expect((await get(ann.token, { range: `bytes=${bytes.length}-` })).status).toBe(416);
});

test('clients cannot request the location that reads the store', async () => {
  const bucket = system.env.S3_BUCKET ?? '';
  const response = await fetch(`${url}/_claimcheck/${bucket}/${photo}/source`);
  expect(response.status).toBe(410);
  expect(await response.text()).toContain('media_gone');
});

test('a stranger gets nothing, and a removed member gets nothing with the next request', async () => {
  const ben = new ChatUser(system, 'ben');
  expect((await get(ben.token)).status).toBe(404);
  const conversation = await ann.startConversation('ben');
  await ann.send(conversation, { client_message_id: '1', message_type: 'image', media_object_id: photo });
  expect((await get(ben.token)).status).toBe(200);
  await ann.call('DELETE', `/v1/conversations/${conversation}/members/ben`);
  expect((await get(ben.token)).status).toBe(404);
});
