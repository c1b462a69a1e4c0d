import { randomBytes } from 'node:crypto';
import type { Problem } from '@claimcheck/contracts/errors';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 ** 2;

let system: System;
let ann: ChatUser;
let bucket: Bucket;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { UPLOAD_TTL: '6s', USER_QUOTA_BYTES: String(40 * MIB) });
  ann = new ChatUser(system, 'ann');
  bucket = new Bucket(inject('stack'));
});
afterAll(async () => {
  bucket?.close();
  await system?.stop();
});

const target = () => ({ baseUrl: system.apiUrl, token: ann.token });

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${system.adminUrls.api}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(name));
  return Number(line?.split(' ').at(-1) ?? 0);
};

test('an upload past its time is gone with everything it left; a finished one stays', async () => {
  const kept = noise(1_000);
  const keptId = await ann.upload({ bytes: kept, filename: 'k.bin', filetype: 'application/octet-stream' });
  // A whole part in an open multipart upload, and a tail next to it.
  const upload = await WireUpload.create(target(), 30 * MIB);
  const bytes = noise(10 * MIB);
  expect(await upload.patch(0, bytes)).toMatchObject({ status: 204, offset: bytes.length });
  expect(await bucket.openUploads(upload.id)).toHaveLength(1);
  expect(await bucket.keys(`${upload.id}/`)).not.toEqual([]);
  expect(await metric('claimcheck_upload_sessions_open')).toBe(1);
  expect(await metric('claimcheck_upload_session_oldest_age_seconds')).toBeGreaterThan(0);

  await ann.mediaIn(upload.id, ['expired']);
  await until(async () => ((await bucket.keys(`${upload.id}/`)).length === 0 ? true : undefined), {
    withinMs: 10_000,
    what: 'the bucket to be clean',
  });
  expect(await bucket.openUploads(upload.id)).toEqual([]);
  expect(await upload.head()).toMatchObject({ status: 410 });
  expect(await upload.patch(bytes.length, randomBytes(10))).toMatchObject({ status: 410 });
  expect(await ann.media(upload.id)).toMatchObject({ state: 'expired', upload_state: 'expired' });
  const counted = () => metric('claimcheck_uploads_total{protocol="tus",outcome="expired"}');
  await until(async () => ((await counted()) === 1 ? true : undefined), {
    withinMs: 5_000,
    what: 'the expiry to be counted',
  });
  expect(await metric('claimcheck_upload_sessions_open')).toBe(0);
  // Its reservation was refunded.
  await WireUpload.create(target(), 39 * MIB);

  await expectWhole(ann, keptId, kept);
  expect(await new WireUpload(target(), keptId).head()).toMatchObject({ status: 200, offset: kept.length });
});

test('without TOKEN_SECRETS there are no tickets, and the answer says why', async () => {
  const { status, body } = await ann.call<Problem>('POST', '/v1/media', {
    client_media_id: 'k',
    filename: 'a.bin',
    size_bytes: 5,
    content_type: 'application/octet-stream',
  });
  expect({ status, code: body.code, retryable: body.retryable }).toEqual({
    status: 503,
    code: 'unavailable',
    retryable: false,
  });
  expect(body.detail).toContain('TOKEN_SECRETS');
});
