import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CertificateAuthority } from '../harness/certificates.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { DirectUploader, putSigned, randomFile, sliceOf } from '../harness/direct-upload.ts';
import { runDoctor } from '../harness/doctor.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { noise } from '../harness/noise.ts';
import { isPart, S3FaultProxy, type S3Request } from '../harness/s3-fault-proxy.ts';
import { type System, startSystem } from '../harness/system.ts';
import { uploadInPieces } from './upload-in-pieces.ts';

const MIB = 1_024 ** 2;
const KMS_KEY = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd';

let folder: string;
let stranger: CertificateAuthority;
let proxy: S3FaultProxy;
/** The store as clients reach it. */
let open: S3FaultProxy;
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
  open = await S3FaultProxy.start(S3_ENDPOINT);
  elsewhere = await S3FaultProxy.start(S3_ENDPOINT, await tlsOf(authority, 'elsewhere', 'DNS:s3.example'));
  system = await startSystem(
    { ...stack, S3_ENDPOINT: proxy.url },
    {
      S3_CA_FILE: authority.file,
      S3_PUBLIC_ENDPOINT: open.url,
      S3_SSE: 'aws:kms',
      S3_SSE_KMS_KEY_ID: KMS_KEY,
      DOWNLOAD_MODE: 'proxy',
      TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}`,
    },
  );
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await system?.stop();
  await proxy?.close();
  await open?.close();
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
  const { id, bytes } = await uploadInPieces(system, ann);
  await expectWhole(ann, id, bytes);
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

test('direct uploads arrive with the headers that were signed for them', async () => {
  const uploader = new DirectUploader(ann);
  const small = noise(200_000);
  const put = (await uploader.authorize(randomFile(small, ['put']))).body;
  expect(put.upload.headers).toMatchObject({
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': KMS_KEY,
  });
  expect(await putSigned({ ...put.upload, headers: {} }, new Uint8Array(small))).toBe(403);
  expect(await putSigned(put.upload, new Uint8Array(small))).toBe(200);
  expect((await uploader.complete(put.media.media_object_id)).status).toBe(200);

  const large = noise(17 * MIB);
  const { media, upload } = (await uploader.authorize(randomFile(large, ['multipart']))).body;
  for (const part of upload.parts ?? [])
    expect(await putSigned(part, sliceOf(large, upload.chunk_size ?? 0, part))).toBe(200);
  expect((await uploader.complete(media.media_object_id)).status).toBe(200);
  await expectWhole(ann, media.media_object_id, large);
});

// The last test: it judges the requests of api, worker, doctor and clients in all tests before it.
test('every request that creates an object asks for encryption, and no part does', () => {
  const creates = ({ method, url }: S3Request) => method === 'POST' && /[?&]uploads(=|&|$)/.test(url);
  const writes = (request: S3Request) => request.method === 'PUT' && !isPart(request);
  const asked = ({ headers = {} }: S3Request) => [
    headers['x-amz-server-side-encryption'],
    headers['x-amz-server-side-encryption-aws-kms-key-id'],
  ];
  const all = [...proxy.requests, ...open.requests.filter(({ method }) => method !== 'OPTIONS')];
  // What a client sent without the signed headers was refused.
  const refused = open.requests.find((request) => writes(request) && asked(request)[0] === undefined);
  const creating = all.filter((request) => request !== refused && (creates(request) || writes(request)));
  const paths = creating.map(({ url }) => url.split('?')[0] ?? '');
  for (const what of [/\/source$/, /\/tail/, /\/e1\//, /\/conditional$/, /\/cut$/])
    expect(
      paths.some((path) => what.test(path)),
      `${what} in ${paths.join(' ')}`,
    ).toBe(true);
  expect(creating.filter(creates).length).toBeGreaterThanOrEqual(3);
  for (const request of creating) expect(asked(request), request.url).toEqual(['aws:kms', KMS_KEY]);
  const parts = all.filter((request) => isPart(request));
  expect(parts.length).toBeGreaterThan(0);
  for (const request of parts) expect(asked(request), request.url).toEqual([undefined, undefined]);
});
