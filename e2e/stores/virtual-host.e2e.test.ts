import { randomBytes } from 'node:crypto';
import '../harness/resolve-test-domain.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { DirectUploader, putSigned, randomFile, sliceOf } from '../harness/direct-upload.ts';
import { runDoctor, STORE_CAPABILITIES } from '../harness/doctor.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { noise } from '../harness/noise.ts';
import { type System, startSystem } from '../harness/system.ts';
import { type RunningStore, startStore } from './start-store.ts';
import { uploadInPieces } from './upload-in-pieces.ts';
import { DOMAIN } from './versitygw-with-domain.ts';

const MIB = 1_024 ** 2;
const RESOLVE = new URL('../harness/resolve-test-domain.ts', import.meta.url).href;

let store: RunningStore;
let system: System;
let ann: ChatUser;
let host: string;

beforeAll(async () => {
  store = await startStore('versitygwWithDomain');
  const { port } = new URL(store.env.S3_ENDPOINT ?? '');
  host = `${store.env.S3_BUCKET}.${DOMAIN}:${port}`;
  system = await startSystem(
    { ...inject('stack'), ...store.env },
    {
      S3_ENDPOINT: `http://${DOMAIN}:${port}`,
      S3_FORCE_PATH_STYLE: 'false',
      NODE_OPTIONS: `--import=${RESOLVE}`,
      TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}`,
    },
  );
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await system?.stop();
  await store?.stop();
});

/** Fetches from the address to which a download is redirected. */
const fetchSource = async (id: string): Promise<Buffer> => {
  const redirect = await ann.fetch(`/v1/media/${id}/source`, { redirect: 'manual' });
  const location = redirect.headers.get('location') ?? '';
  expect(new URL(location).host).toBe(host);
  const response = await fetch(location);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};

test('a photo becomes ready in a bucket whose name is in the host', async () => {
  const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  expect((await ann.mediaIn(id, ['ready', 'degraded', 'failed'])).state).toBe('ready');
});

test('an upload over parts and tails is redirected to the bucket, and whole', async () => {
  const { id, bytes } = await uploadInPieces(system, ann);
  await ann.mediaIn(id, ['ready', 'degraded', 'failed']);
  expect((await fetchSource(id)).equals(bytes)).toBe(true);
});

test('direct uploads go to the bucket’s host', async () => {
  const uploader = new DirectUploader(ann);
  const bytes = noise(17 * MIB);
  const { media, upload } = (await uploader.authorize(randomFile(bytes, ['multipart']))).body;
  for (const part of upload.parts ?? []) {
    expect(new URL(part.url).host).toBe(host);
    expect(await putSigned(part, sliceOf(bytes, upload.chunk_size ?? 0, part))).toBe(200);
  }
  expect((await uploader.complete(media.media_object_id)).status).toBe(200);
  await ann.mediaIn(media.media_object_id, ['ready', 'degraded', 'failed']);
  expect((await fetchSource(media.media_object_id)).equals(bytes)).toBe(true);
});

test('the doctor tries everything at the bucket’s host', async () => {
  const report = await runDoctor(system.apiEnv);
  for (const name of ['bucket', 'signed URLs', 'clock of the store', ...STORE_CAPABILITIES])
    expect(report.line(name), report.line(name).detail).toMatchObject({ verdict: 'ok' });
});
