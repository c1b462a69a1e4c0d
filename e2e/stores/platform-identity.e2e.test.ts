import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Access } from '@claimcheck/local-stack/s3-bucket';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { DirectUploader, putSigned, randomFile } from '../harness/direct-upload.ts';
import { runDoctor } from '../harness/doctor.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { startMinioStack } from '../harness/minio-stack.ts';
import { noise } from '../harness/noise.ts';
import type { OwnServers } from '../harness/own-servers.ts';
import { isPart, S3FaultProxy, type S3Request } from '../harness/s3-fault-proxy.ts';
import { type System, startSystem } from '../harness/system.ts';
import { assumeRole, TokenService } from '../harness/token-service.ts';
import { WireUpload } from '../harness/tus-wire.ts';

const MIB = 1_024 ** 2;
/** MinIO's are signed tokens. */
const SESSION = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const ROLE = 'arn:aws:iam::111122223333:role/claimcheck';

let folder: string;
let minio: OwnServers;
let access: S3Access;
let proxy: S3FaultProxy;
beforeAll(async () => {
  minio = await startMinioStack(inject('stack'));
  const { S3_ENDPOINT = '', S3_REGION = '', S3_BUCKET = '', ...env } = minio.env;
  const { S3_ACCESS_KEY_ID: accessKeyId = '', S3_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
  access = { endpoint: S3_ENDPOINT, region: S3_REGION, bucket: S3_BUCKET, accessKeyId, secretAccessKey };
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-identity-'));
  proxy = await S3FaultProxy.start(S3_ENDPOINT);
});
afterAll(async () => {
  await proxy?.close();
  await minio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The session token of a request: signed in its headers, or in its URL. */
const sessionOf = ({ url, headers = {} }: S3Request): string | undefined =>
  headers['x-amz-security-token']?.toString() ??
  new URL(url, 'http://store').searchParams.get('X-Amz-Security-Token') ??
  undefined;

const startWith = (identity: Record<string, string>): Promise<System> => {
  const { S3_ACCESS_KEY_ID: _, S3_SECRET_ACCESS_KEY: __, ...stack } = minio.env;
  const tickets = { TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}` };
  proxy.requests.length = 0;
  return startSystem({ ...stack, S3_ENDPOINT: proxy.url }, { ...identity, ...tickets });
};

/** Sends a photo, parts, a tail and a direct upload. */
const exerciseStore = async (system: System): Promise<void> => {
  const ann = new ChatUser(system, 'ann');
  const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  expect((await ann.mediaIn(id, ['ready', 'degraded', 'failed'])).state).toBe('ready');
  const bytes = noise(11 * MIB + 3);
  const upload = await WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, bytes.length);
  for (const [from, to] of [
    [0, 9 * MIB],
    [9 * MIB, bytes.length],
  ] as const)
    expect(await upload.patch(from, bytes.subarray(from, to))).toMatchObject({ status: 204 });
  await expectWhole(ann, upload.id, bytes);
  const uploader = new DirectUploader(ann);
  const small = noise(200_000);
  const put = (await uploader.authorize(randomFile(small, ['put']))).body;
  expect(await putSigned(put.upload, new Uint8Array(small))).toBe(200);
  expect((await uploader.complete(put.media.media_object_id)).status).toBe(200);
};

describe('with the web identity of a pod, whose keys live for a minute', () => {
  let service: TokenService;
  let system: System;
  beforeAll(async () => {
    service = await TokenService.start(access, 60);
    const file = join(folder, 'token');
    await writeFile(file, 'a.web.identity');
    system = await startWith({
      AWS_ROLE_ARN: ROLE,
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ENDPOINT_URL_STS: service.url,
    });
  });
  afterAll(async () => {
    await system?.stop();
    await service?.close();
  });

  test('api and worker use the store, and each request has a session token', async () => {
    await exerciseStore(system);
    for (const request of service.requests) {
      expect(request.get('Action')).toBe('AssumeRoleWithWebIdentity');
      expect(request.get('RoleArn')).toBe(ROLE);
      expect(request.get('WebIdentityToken')).toBe('a.web.identity');
    }
    for (const request of proxy.requests) expect(sessionOf(request), request.url).toMatch(SESSION);
    expect(proxy.requests.some((request) => isPart(request))).toBe(true);
  });

  test('keys that end soon are replaced, in raw writes too', async () => {
    // The SDK asks again five minutes before they end: here, for each request.
    const parts = proxy.requests.filter((request) => isPart(request));
    expect(new Set(parts.map(sessionOf)).size).toBeGreaterThan(1);
  });

  test('a signed URL ends with the keys that signed it', async () => {
    const ann = new ChatUser(system, 'ann');
    const id = await ann.upload({
      bytes: noise(10),
      filename: 'a.bin',
      filetype: 'application/octet-stream',
    });
    await ann.mediaIn(id, ['ready', 'degraded', 'failed']);
    const redirect = await ann.fetch(`/v1/media/${id}/source`, { redirect: 'manual' });
    const { searchParams } = new URL(redirect.headers.get('location') ?? '');
    expect(searchParams.get('X-Amz-Security-Token')).toMatch(SESSION);
    const signedAt =
      searchParams.get('X-Amz-Date')?.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5') ?? '';
    const end = Date.parse(signedAt) + Number(searchParams.get('X-Amz-Expires')) * 1_000;
    expect(end).toBeGreaterThan(Date.now() - 60_000);
    expect(end).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  test('the doctor finds the bucket', async () => {
    expect((await runDoctor(system.apiEnv)).line('bucket')).toMatchObject({ verdict: 'ok' });
  });
});

test('with S3_SESSION_TOKEN each request has that token, of the SDK, in raw writes and in signed URLs', async () => {
  const keys = await assumeRole(access);
  const system = await startWith({
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    S3_SESSION_TOKEN: keys.sessionToken,
  });
  try {
    await exerciseStore(system);
    expect(proxy.requests.some((request) => isPart(request))).toBe(true);
    for (const request of proxy.requests) expect(sessionOf(request), request.url).toBe(keys.sessionToken);
  } finally {
    await system.stop();
  }
});
