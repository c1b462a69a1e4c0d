import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CertificateAuthority } from '../harness/certificates.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { runDoctor } from '../harness/doctor.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { noise } from '../harness/noise.ts';
import { isPart, S3FaultProxy } from '../harness/s3-fault-proxy.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';

const MIB = 1_024 ** 2;

let folder: string;
let stranger: CertificateAuthority;
let proxy: S3FaultProxy;
let elsewhere: S3FaultProxy;
let system: System;
let ann: ChatUser;

const tlsOf = async (authority: CertificateAuthority, name: string, host: string) => {
  const { cert, key } = await authority.certify(name, [host]);
  return { cert: await readFile(cert), key: await readFile(key) };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-private-store-'));
  const authority = await CertificateAuthority.create(folder, 'ours');
  stranger = await CertificateAuthority.create(folder, 'stranger');
  const { S3_ENDPOINT = '', ...stack } = inject('stack');
  proxy = await S3FaultProxy.start(S3_ENDPOINT, await tlsOf(authority, 'store', 'IP:127.0.0.1'));
  elsewhere = await S3FaultProxy.start(S3_ENDPOINT, await tlsOf(authority, 'elsewhere', 'DNS:s3.example'));
  system = await startSystem(
    { ...stack, S3_ENDPOINT: proxy.url },
    { S3_CA_FILE: authority.file, DOWNLOAD_MODE: 'proxy' },
  );
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await system?.stop();
  await proxy?.close();
  await elsewhere?.close();
  await rm(folder, { recursive: true, force: true });
});

test('a photo becomes ready: api and worker trust the authority of S3_CA_FILE', async () => {
  const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  expect((await ann.mediaIn(id, ['ready', 'degraded', 'failed'])).state).toBe('ready');
  const thumbnail = await ann.fetch(`/v1/media/${id}/thumbnail`);
  expect(thumbnail.status).toBe(200);
  await thumbnail.arrayBuffer();
});

test('parts and tails are written over the same trust', async () => {
  const bytes = noise(11 * MIB + 3);
  const upload = await WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, bytes.length);
  for (const [from, to] of [
    [0, 3 * MIB],
    [3 * MIB, 9 * MIB],
    [9 * MIB, bytes.length],
  ] as const)
    expect(await upload.patch(from, bytes.subarray(from, to))).toMatchObject({ status: 204 });
  await expectWhole(ann, upload.id, bytes);
  expect(proxy.requests.filter((request) => isPart(request))).toHaveLength(2);
});

test('the doctor finds nothing wrong with such a store', async () => {
  const report = await runDoctor(system.apiEnv);
  for (const name of ['bucket', 'signed URLs', 'clock of the store', 'multipart uploads'])
    expect(report.line(name), report.line(name).detail).toMatchObject({ verdict: 'ok' });
  expect(report.line('transport of the store').detail).toBe('TLS');
});

test.each([
  ['no authority', () => ({ S3_CA_FILE: '' }), 'signed by no authority', 'S3_CA_FILE'],
  ['another authority', () => ({ S3_CA_FILE: stranger.file }), 'signed by no authority', 'S3_CA_FILE'],
  ['another host', () => ({ S3_ENDPOINT: elsewhere.url }), 'is for another host', 'host name'],
])('with %s the doctor says what is wrong with the certificate', async (_, wrong, detail, fix) => {
  const report = await runDoctor({ ...system.apiEnv, ...wrong() });
  expect(report.code).toBe(1);
  expect(report.line('bucket')).toMatchObject({
    verdict: 'failed',
    detail: expect.stringContaining(detail),
    fix: expect.stringContaining(fix),
  });
});
