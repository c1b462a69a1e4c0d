import { randomBytes } from 'node:crypto';
import type { Problem } from '@claimcheck/contracts/errors';
import type { RenewedTicket, UploadAuthorization } from '@claimcheck/contracts/rest';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { type System, startSystem } from '../harness/system.ts';

const QUOTA = 1_000_000;
const MAX_OPEN = 5;

let system: System;
let ann: ChatUser;
let ben: ChatUser;

beforeAll(async () => {
  system = await startSystem(inject('stack'), {
    TOKEN_SECRETS: `new:${randomBytes(32).toString('hex')},old:${randomBytes(32).toString('hex')}`,
    USER_QUOTA_BYTES: String(QUOTA),
    MAX_OPEN_UPLOADS: String(MAX_OPEN),
  });
  ann = new ChatUser(system, 'ann');
  ben = new ChatUser(system, 'ben');
});
afterAll(() => system?.stop());

let made = 0;
const request = (size_bytes: number, more: object = {}) => {
  made += 1;
  return {
    client_media_id: `key-${made}`,
    filename: 'a.bin',
    content_type: 'application/octet-stream',
    size_bytes,
    ...more,
  };
};

const authorize = (user: ChatUser, body: object) =>
  user.call<UploadAuthorization & Problem>('POST', '/v1/media', body);

const renew = (user: ChatUser, id: string) =>
  user.call<RenewedTicket & Problem>('POST', `/v1/media/${id}/upload-ticket`);

/** With the ticket's headers, and no token of a user. */
const byTicket = (
  { url, headers }: { url: string; headers: Record<string, string> },
  method: string,
  init: { headers?: Record<string, string>; body?: Buffer } = {},
): Promise<Response> =>
  fetch(url, {
    method,
    headers: { ...headers, ...init.headers },
    ...(init.body === undefined ? {} : { body: new Uint8Array(init.body) }),
  });

const patch = (upload: { url: string; headers: Record<string, string> }, offset: number, body: Buffer) =>
  byTicket(upload, 'PATCH', {
    headers: { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
    body,
  });

const base64 = (text: string) => Buffer.from(text).toString('base64');
const METADATA = `filename ${base64('a.bin')},filetype ${base64('application/octet-stream')}`;

const createByTus = async (user: ChatUser, headers: Record<string, string>) => {
  const response = await user.fetch('/v1/uploads', {
    method: 'POST',
    headers: { 'tus-resumable': '1.0.0', 'upload-metadata': METADATA, ...headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    problem: text === '' ? undefined : (JSON.parse(text) as Problem),
    id: response.headers.get('location')?.split('/').at(-1) ?? '',
  };
};

const remove = (user: ChatUser, id: string) =>
  user.fetch(`/v1/uploads/${id}`, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } });

describe('a ticket', () => {
  test('carries an upload to its end after the user’s token has expired', async () => {
    const bytes = noise(200_000);
    const { status, body } = await authorize(
      ann,
      request(bytes.length, { width: 4, height: 3, alt: 'a dot' }),
    );
    expect(status).toBe(201);
    const { media, upload } = body;
    expect(media).toMatchObject({
      state: 'uploading',
      size_bytes: 200_000,
      width: 4,
      height: 3,
      alt: 'a dot',
    });
    expect(upload).toMatchObject({
      protocol: 'tus',
      method: 'PATCH',
      url: `${system.apiUrl}/v1/uploads/${media.media_object_id}`,
    });
    expect((await patch(upload, 0, bytes.subarray(0, 50_000))).status).toBe(204);
    // The user's own token is of no use any more.
    const old = `Bearer ${system.tokenFor('ann', { expiresIn: -1 })}`;
    const refused = await byTicket({ ...upload, headers: { ...upload.headers, authorization: old } }, 'HEAD');
    expect(refused.status).toBe(401);
    const head = await byTicket(upload, 'HEAD');
    expect([head.status, head.headers.get('upload-offset')]).toEqual([200, '50000']);
    expect((await patch(upload, 50_000, bytes.subarray(50_000))).status).toBe(204);
    await expectWhole(ann, media.media_object_id, bytes);
  });

  test('serves a stock client that knows only the address and the headers', async () => {
    const bytes = noise(150_000);
    const { body } = await authorize(ann, request(bytes.length));
    await new Promise<void>((resolve, reject) => {
      new Upload(bytes, {
        uploadUrl: body.upload.url,
        headers: { authorization: body.upload.headers.authorization ?? '' },
        chunkSize: 60_000,
        onError: reject,
        onSuccess: () => resolve(),
      }).start();
    });
    await expectWhole(ann, body.media.media_object_id, bytes);
  });

  test('opens its own upload, and nothing else', async () => {
    const [one, two] = [(await authorize(ann, request(10))).body, (await authorize(ann, request(10))).body];
    const { headers } = one.upload;
    for (const method of ['HEAD', 'PATCH', 'DELETE'])
      expect((await byTicket({ url: two.upload.url, headers }, method)).status, method).toBe(404);
    const elsewhere = [
      ['POST', '/v1/uploads'],
      ['GET', `/v1/media/${one.media.media_object_id}`],
      ['DELETE', `/v1/media/${one.media.media_object_id}`],
      ['POST', `/v1/media/${one.media.media_object_id}/upload-ticket`],
      ['GET', '/v1/conversations'],
    ] as const;
    for (const [method, path] of elsewhere) {
      const response = await byTicket({ url: `${system.apiUrl}${path}`, headers }, method);
      expect([response.status, ((await response.json()) as Problem).code], path).toEqual([
        401,
        'unauthorized',
      ]);
    }
    expect((await byTicket(one.upload, 'DELETE')).status).toBe(204);
    expect((await byTicket(one.upload, 'HEAD')).status).toBe(410);
    await remove(ann, two.media.media_object_id);
  });

  test('is renewed by the owner during the upload; its bytes stay', async () => {
    const bytes = noise(1_000);
    const { body } = await authorize(ann, request(bytes.length));
    const id = body.media.media_object_id;
    expect((await patch(body.upload, 0, bytes.subarray(0, 400))).status).toBe(204);
    expect((await renew(ben, id)).body.code).toBe('not_found');
    const renewed = await renew(ann, id);
    expect(renewed.status).toBe(200);
    expect(Date.parse(renewed.body.expires_at)).toBeGreaterThan(Date.parse(body.upload.expires_at));
    expect((await byTicket(renewed.body, 'HEAD')).headers.get('upload-offset')).toBe('400');
    expect((await patch(renewed.body, 400, bytes.subarray(400))).status).toBe(204);
    await expectWhole(ann, id, bytes);
    expect(await renew(ann, id)).toMatchObject({ status: 409, body: { code: 'upload_finished' } });
    expect((await renew(ann, 'nonsense')).status).toBe(404);
  });
});

describe('POST /v1/media', () => {
  test('the same call, again and at the same time, gives the same', async () => {
    const body = request(1_000);
    const answers = await Promise.all([1, 2, 3, 4].map(() => authorize(ann, body)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201]);
    const ids = new Set(answers.map((answer) => answer.body.media.media_object_id));
    expect(ids.size).toBe(1);
    const { upload } = (await authorize(ann, body)).body;
    const bytes = noise(1_000);
    expect((await patch(upload, 0, bytes)).status).toBe(204);
    const [id = ''] = ids;
    await expectWhole(ann, id, bytes);
    const after = await authorize(ann, body);
    expect([after.status, after.body.upload.protocol]).toEqual([200, 'none']);
    // Another user's key of the same name is another key.
    const other = await authorize(ben, body);
    expect([other.status, ids.has(other.body.media.media_object_id)]).toEqual([201, false]);
    await remove(ben, other.body.media.media_object_id);
  });

  test('a key that names something else already is a conflict', async () => {
    const body = request(1_000);
    const { media_object_id } = (await authorize(ann, body)).body.media;
    for (const [changed, field] of [
      [{ size_bytes: 1_001 }, 'size_bytes'],
      [{ content_type: 'image/png' }, 'content_type'],
    ] as const)
      expect(await authorize(ann, { ...body, ...changed })).toMatchObject({
        status: 409,
        body: { code: 'client_key_conflict', field, media_object_id },
      });
    await remove(ann, media_object_id);
    expect(await authorize(ann, body)).toMatchObject({ status: 410, body: { code: 'upload_gone' } });
  });

  test('an empty file needs no bytes, and fails as one that was uploaded', async () => {
    const { status, body } = await authorize(ann, request(0));
    expect([status, body.upload.protocol, body.media.state, body.media.failure?.code]).toEqual([
      201,
      'none',
      'failed',
      'empty_file',
    ]);
  });

  test.each([
    ['no key', { client_media_id: undefined }, 400, 'client_media_id'],
    ['a negative size', { size_bytes: -1 }, 400, 'size_bytes'],
    ['a size that is text', { size_bytes: '5' }, 400, 'size_bytes'],
    ['more than is accepted', { size_bytes: 2 ** 50 }, 413, 'size_bytes'],
    ['a name with a line break', { filename: 'a\nb' }, 400, 'filename'],
    ['an operator for a string', { filename: { contains: 'a' } }, 400, 'filename'],
    ['a field that is not known', { owner_user_id: 'ben' }, 400, 'owner_user_id'],
    ['a width beyond reason', { width: 1e12 }, 400, 'width'],
    ['a conversation of others', { conversation_id: 'nowhere' }, 404, 'conversation_id'],
  ])('%s is refused by name', async (_, wrong, status, field) => {
    expect(await authorize(ann, request(5, wrong))).toMatchObject({ status, body: { status, field } });
  });

  test('without a token it is 401', async () => {
    const response = await fetch(`${system.apiUrl}/v1/media`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
  });
});

describe('limits of a user', () => {
  test('the quota is reserved at the creation and refunded by a deletion, with either protocol', async () => {
    const cid = new ChatUser(system, 'cid');
    const first = await authorize(cid, request(QUOTA - 100));
    expect(first.status).toBe(201);
    const over = await authorize(cid, request(101));
    expect(over).toMatchObject({ status: 413, body: { code: 'quota_exceeded', retryable: false } });
    const byTus = await createByTus(cid, { 'upload-length': '101' });
    expect([byTus.status, byTus.problem?.code]).toEqual([413, 'quota_exceeded']);
    const partial = await createByTus(cid, { 'upload-length': '101', 'upload-concat': 'partial' });
    expect([partial.status, partial.problem?.code]).toEqual([413, 'quota_exceeded']);
    expect((await createByTus(cid, { 'upload-length': '100' })).status).toBe(201);
    // Another user has a quota of their own.
    const other = await authorize(ben, request(101));
    expect(other.status).toBe(201);
    await remove(ben, other.body.media.media_object_id);
    expect((await remove(cid, first.body.media.media_object_id)).status).toBe(204);
    expect((await authorize(cid, request(QUOTA - 100))).status).toBe(201);
  });

  test('a length that is declared later is refused when it does not fit; the upload stays', async () => {
    const dan = new ChatUser(system, 'dan');
    const { id, status } = await createByTus(dan, { 'upload-defer-length': '1' });
    expect(status).toBe(201);
    const declare = async (length: number, body: Buffer) => {
      const response = await dan.fetch(`/v1/uploads/${id}`, {
        method: 'PATCH',
        headers: {
          'tus-resumable': '1.0.0',
          'upload-offset': '0',
          'upload-length': String(length),
          'content-type': 'application/offset+octet-stream',
        },
        body: new Uint8Array(body),
      });
      return { status: response.status, text: await response.text() };
    };
    const bytes = noise(500);
    const refused = await declare(QUOTA + 1, bytes);
    expect([refused.status, (JSON.parse(refused.text) as Problem).code]).toEqual([413, 'quota_exceeded']);
    expect((await declare(bytes.length, bytes)).status).toBe(204);
    await expectWhole(dan, id, bytes);
  });

  test('open uploads: one too many is refused, and accepted when another has ended', async () => {
    const eve = new ChatUser(system, 'eve');
    const answers = await Promise.all(Array.from({ length: 12 }, () => authorize(eve, request(10))));
    const opened = answers.filter(({ status }) => status === 201);
    expect(opened).toHaveLength(MAX_OPEN);
    for (const { status, body } of answers.filter((answer) => answer.status !== 201))
      expect([status, body.code, body.retryable]).toEqual([429, 'too_many_uploads', true]);
    const byTus = await createByTus(eve, { 'upload-length': '10' });
    expect([byTus.status, byTus.problem?.code, byTus.retryAfter]).toEqual([429, 'too_many_uploads', '30']);
    const [first] = opened;
    if (first === undefined) throw new Error('nothing was opened');
    expect((await patch(first.body.upload, 0, randomBytes(10))).status).toBe(204);
    expect((await authorize(eve, request(10))).status).toBe(201);
  });

  test('a concatenation as large as the quota fits: its pieces do not count twice', async () => {
    const fay = new ChatUser(system, 'fay');
    const bytes = noise(QUOTA);
    const id = await new Promise<string>((resolve, reject) => {
      const upload = new Upload(bytes, {
        endpoint: `${system.apiUrl}/v1/uploads`,
        headers: { authorization: `Bearer ${fay.token}` },
        metadata: { filename: 'a.bin', filetype: 'application/octet-stream' },
        parallelUploads: 3,
        onError: reject,
        onSuccess: () => resolve(upload.url?.split('/').at(-1) ?? ''),
      });
      upload.start();
    });
    await expectWhole(fay, id, bytes);
    expect((await createByTus(fay, { 'upload-length': '1' })).problem?.code).toBe('quota_exceeded');
  });
});
