import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { s3Client } from '@claimcheck/local-stack/s3-bucket';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startMuteS3 } from '../harness/broken-s3.ts';
import { Bucket } from '../harness/bucket.ts';
import { runDoctor, STORE_CAPABILITIES } from '../harness/doctor.ts';
import { S3FaultProxy, type S3Request } from '../harness/s3-fault-proxy.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
let proxy: S3FaultProxy;
let bucket: Bucket;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
  proxy = await S3FaultProxy.start(system.apiEnv.S3_ENDPOINT ?? '');
  bucket = new Bucket(inject('stack'));
});
afterAll(async () => {
  bucket?.close();
  await proxy?.close();
  await system?.stop();
});

const refusal = (code: string, status = 400) => ({
  status,
  body: `<Error><Code>${code}</Code><Message>not here</Message></Error>`,
});

/** The keys that the doctor wrote through the proxy. */
const writtenIn = (requests: readonly S3Request[], name: string): string[] =>
  requests
    .filter(({ method }) => method === 'PUT')
    .map(({ url }) => url.split('?')[0]?.replace(`/${name}/`, '') ?? '');

test('a store with everything: each capability is named, the transport too, and nothing stays', async () => {
  proxy.requests.length = 0;
  const report = await runDoctor({ ...system.apiEnv, S3_ENDPOINT: proxy.url });
  for (const name of STORE_CAPABILITIES) expect(report.line(name)).toMatchObject({ verdict: 'ok' });
  for (const server of ['the broker', 'Postgres', 'the store'])
    expect(report.line(`transport of ${server}`).detail).toMatch(/^(TLS|plain, inside)/);
  const keys = writtenIn(proxy.requests, system.apiEnv.S3_BUCKET ?? '');
  expect(keys.some((key) => key.endsWith('/conditional'))).toBe(true);
  for (const prefix of new Set(keys.map((key) => `${key.split('/')[0]}/`)))
    expect(await bucket.keys(prefix)).toEqual([]);
});

test('a store that lacks capabilities: each is named, with what that means', async () => {
  const { S3_REGION = '', S3_BUCKET = '', ...env } = system.apiEnv;
  const client = s3Client({
    endpoint: env.S3_ENDPOINT ?? '',
    region: S3_REGION,
    bucket: S3_BUCKET,
    accessKeyId: env.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.S3_SECRET_ACCESS_KEY ?? '',
  });
  proxy.replace(async ({ method, url, headers = {} }) => {
    const path = url.split('?')[0] ?? '';
    // The condition is part of the signature; where there is no object it is met, as if it were ignored.
    if (headers['if-none-match'] !== undefined)
      await client.send(
        new DeleteObjectCommand({ Bucket: S3_BUCKET, Key: path.replace(`/${S3_BUCKET}/`, '') }),
      );
    if (headers['x-amz-copy-source'] !== undefined) return refusal('NotImplemented', 501);
    if (method === 'POST' && /[?&]delete/.test(url)) return refusal('MissingContentMD5');
    if (method === 'GET' && headers.range !== undefined && path.endsWith('/range'))
      return { status: 200, body: 'claimcheck' };
    if (path.endsWith('/parts') && method === 'GET') return refusal('NotImplemented', 501);
    return undefined;
  });
  try {
    const report = await runDoctor({ ...system.apiEnv, S3_ENDPOINT: proxy.url });
    expect(report.code).toBe(1);
    for (const [name, verdict, says] of [
      ['conditional PUT', 'warning', 'can replace an upload that is finished'],
      ['conditional Complete', 'warning', 'ignores If-None-Match'],
      ['multipart uploads', 'failed', 'files over one part cannot be stored'],
      ['part copies', 'failed', 'parallel tus uploads cannot be joined'],
      ['ranges', 'failed', 'cannot be played from the middle'],
      ['deletes', 'warning', 'refuses batches'],
      ['aborted uploads', 'ok', 'leaves no part'],
    ] as const)
      expect(report.line(name)).toMatchObject({ verdict, detail: expect.stringContaining(says) });
  } finally {
    proxy.heal();
    client.destroy();
  }
});

test('a store that never answers: the doctor ends, and says so', async () => {
  const mute = await startMuteS3();
  try {
    const report = await runDoctor({ ...system.apiEnv, S3_ENDPOINT: mute.url });
    expect(report.code).toBe(1);
    expect(report.line('bucket').detail).toContain('no answer within');
    for (const name of STORE_CAPABILITIES) expect(report.line(name)).toMatchObject({ verdict: 'skipped' });
  } finally {
    mute.close();
  }
});
