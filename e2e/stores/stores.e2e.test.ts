import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { DirectUploader, putSigned, randomFile, sliceOf } from '../harness/direct-upload.ts';
import { runDoctor, STORE_CAPABILITIES } from '../harness/doctor.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { noise } from '../harness/noise.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';
import { type RunningStore, STORES, startStore } from './start-store.ts';

const MIB = 1_024 ** 2;
const NAMES = Object.keys(STORES) as (keyof typeof STORES)[];

/** Neither sends notifications; S3Mock ignores the type that a signed download asks for. */
const KNOWN_WARNINGS = {
  moto: ['bucket notifications'],
  s3mock: ['bucket notifications', 'signed URLs'],
} satisfies Record<keyof typeof STORES, string[]>;

describe.each(NAMES)('on %s', (name) => {
  let store: RunningStore;
  let system: System;
  let bucket: Bucket;
  let ann: ChatUser;

  beforeAll(async () => {
    store = await startStore(name);
    const tickets = { TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}` };
    system = await startSystem({ ...inject('stack'), ...store.env }, tickets);
    bucket = new Bucket({ ...inject('stack'), ...store.env });
    ann = new ChatUser(system, 'ann');
  }, 600_000);
  afterAll(async () => {
    bucket?.close();
    await system?.stop();
    await store?.stop();
  });

  const target = () => ({ baseUrl: system.apiUrl, token: ann.token });

  test('a photo becomes ready with its qualities', async () => {
    const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
    const media = await ann.mediaIn(id, ['ready', 'degraded', 'failed']);
    expect(media.state, JSON.stringify(media.failure)).toBe('ready');
    const response = await ann.fetch(`/v1/media/${id}/thumbnail`);
    expect(response.status).toBe(200);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  test('an upload in pieces of odd sizes, across parts and tails, arrives whole', async () => {
    const bytes = noise(21 * MIB + 12_345);
    const upload = await WireUpload.create(target(), bytes.length);
    let offset = 0;
    for (const size of [1_234_567, 9 * MIB + 1, 7, 6 * MIB - 1, bytes.length]) {
      const answer = await upload.patch(offset, bytes.subarray(offset, offset + size));
      expect(answer).toMatchObject({ kind: 'answered', status: 204 });
      offset = Math.min(offset + size, bytes.length);
    }
    await expectWhole(ann, upload.id, bytes);
  });

  test('a range of a download is that range', async () => {
    const bytes = noise(300_000);
    const id = await ann.upload({ bytes, filename: 'a.bin', filetype: 'application/octet-stream' });
    await expectWhole(ann, id, bytes);
    const response = await ann.fetch(`/v1/media/${id}/source`, { headers: { range: 'bytes=1000-1999' } });
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(1_000, 2_000))).toBe(true);
  });

  test('direct uploads by one PUT and by parts arrive whole', async () => {
    const uploader = new DirectUploader(ann);
    const small = noise(200_000);
    const put = (await uploader.authorize(randomFile(small, ['put']))).body;
    expect(await putSigned(put.upload, new Uint8Array(small))).toBe(200);
    expect((await uploader.complete(put.media.media_object_id)).status).toBe(200);
    await expectWhole(ann, put.media.media_object_id, small);

    const large = noise(33 * MIB);
    const { media, upload } = (await uploader.authorize(randomFile(large, ['multipart']))).body;
    for (const part of upload.parts ?? [])
      expect(await putSigned(part, sliceOf(large, upload.chunk_size ?? 0, part))).toBe(200);
    expect((await uploader.complete(media.media_object_id)).status).toBe(200);
    await expectWhole(ann, media.media_object_id, large);
  });

  test('a deleted media object leaves no key', async () => {
    const bytes = noise(50_000);
    const id = await ann.upload({ bytes, filename: 'b.bin', filetype: 'application/octet-stream' });
    await expectWhole(ann, id, bytes);
    expect(await bucket.keys(`${id}/`)).not.toEqual([]);
    expect((await ann.call('DELETE', `/v1/media/${id}`)).status).toBe(204);
    await until(async () => (await bucket.keys(`${id}/`)).length === 0, {
      withinMs: 30_000,
      what: 'the keys to be removed',
    });
  });

  test('the doctor finds every capability, and names what differs', async () => {
    const report = await runDoctor(system.apiEnv);
    expect(report.broken).toEqual([]);
    const ofStore = [
      'bucket',
      'bucket notifications',
      'signed URLs',
      'CORS of the bucket',
      'cut requests',
      ...STORE_CAPABILITIES,
    ];
    const warnings = ofStore.filter((line) => report.line(line).verdict !== 'ok');
    expect(warnings).toEqual(KNOWN_WARNINGS[name]);
  });
});
