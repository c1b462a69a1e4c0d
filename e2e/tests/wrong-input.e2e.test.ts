import http from 'node:http';
import type { Problem } from '@claimcheck/contracts/errors';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
let ann: ChatUser;
let ben: ChatUser;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { MAX_UPLOAD_BYTES: '10000000' });
  ann = new ChatUser(system, 'ann');
  ben = new ChatUser(system, 'ben');
});
afterAll(() => system?.stop());

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const METADATA = `filename ${base64('a.jpg')},filetype ${base64('image/jpeg')}`;

/** A creation; `undefined` leaves a header out. */
const create = async (headers: Record<string, string | undefined>, token: string | undefined = ann.token) => {
  const all = { 'tus-resumable': '1.0.0', 'upload-length': '5', 'upload-metadata': METADATA, ...headers };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(`${system.apiUrl}/v1/uploads`, {
    method: 'POST',
    headers: { ...Object.fromEntries(given), ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
  });
  return { response, text: await response.text() };
};

const expectProblem = (
  answer: { response: Response; text: string },
  status: number,
  code: string,
): Problem => {
  expect(answer.response.headers.get('content-type'), answer.text).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(answer.text) as Problem;
  expect({ status: answer.response.status, code: problem.code }).toEqual({ status, code });
  expect(answer.text).not.toMatch(/at .+\.(ts|js):\d+|node_modules|secret/i);
  return problem;
};

/** Sends a path unchanged: fetch and URL would normalise it first. */
const rawRequest = (method: string, path: string, headers: Record<string, string>) =>
  new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(system.apiUrl);
    const request = http.request({ hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text }),
      );
    });
    request.on('error', reject).end();
  });

describe('tokens', () => {
  test('none', async () => {
    expectProblem(await create({}, ''), 401, 'unauthorized');
  });
  test('expired', async () => {
    expectProblem(await create({}, system.tokenFor('ann', { expiresIn: -10 })), 401, 'token_expired');
  });
  test('signed with another secret', async () => {
    expectProblem(await create({}, system.tokenFor('ann', { secret: 'x'.repeat(40) })), 401, 'unauthorized');
  });
  test('algorithm none', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: 'ann', exp: 4_000_000_000 })}.`;
    expectProblem(await create({}, token), 401, 'unauthorized');
  });
  test('a user id that cannot be part of a subject', async () => {
    expectProblem(await create({}, system.tokenFor('ann.*')), 401, 'unauthorized');
  });
});

describe('creations', () => {
  test.each(['a\r\nSet-Cookie: x', 'a\u0000.jpg', 'a\u202egpj.exe', 'a\u0007'])(
    'control characters: %j',
    async (name) => {
      const metadata = `filename ${base64(name)},filetype ${base64('image/jpeg')}`;
      const problem = expectProblem(await create({ 'upload-metadata': metadata }), 400, 'invalid_metadata');
      expect(problem.field).toBe('filename');
    },
  );
  test('bytes that are not UTF-8', async () => {
    const metadata = `filename ${base64(Buffer.from([0xff, 0xfe, 0x41]))},filetype ${base64('image/jpeg')}`;
    expectProblem(await create({ 'upload-metadata': metadata }), 400, 'invalid_metadata');
  });
  test('metadata that is not base64', async () => {
    expectProblem(await create({ 'upload-metadata': 'filename ###' }), 400, 'invalid_metadata');
  });
  test('more than 2 KiB of metadata', async () => {
    const metadata = `${METADATA},alt ${base64('x'.repeat(2_000))}`;
    expectProblem(await create({ 'upload-metadata': metadata }), 400, 'invalid_metadata');
  });
  test('missing length', async () => {
    expectProblem(await create({ 'upload-length': undefined }), 400, 'length_required');
  });
  test.each(['-1', '1e3', 'abc', '0x10', '1.5'])('length %s', async (length) => {
    expectProblem(await create({ 'upload-length': length }), 400, 'tus_protocol');
  });
  test('more than what is accepted', async () => {
    expectProblem(await create({ 'upload-length': '10000001' }), 413, 'too_large');
  });
  test('no protocol version', async () => {
    expectProblem(await create({ 'tus-resumable': undefined }), 412, 'tus_version');
  });
  test('a conversation of others', async () => {
    const conversation = await ben.startConversation();
    const metadata = `${METADATA},conversation_id ${base64(conversation)}`;
    const problem = expectProblem(await create({ 'upload-metadata': metadata }), 404, 'not_found');
    expect(problem.field).toBe('conversation_id');
  });
});

describe('ids', () => {
  const OCTETS = { 'content-type': 'application/offset+octet-stream' };
  const headers = (hasBytes = false) => ({
    authorization: `Bearer ${ann.token}`,
    'tus-resumable': '1.0.0',
    ...(hasBytes ? OCTETS : {}),
  });

  test.each([
    '/v1/uploads/x%2F..%2Fy',
    '/v1/uploads/%2e%2e',
    '/v1/uploads/..%2f..%2fetc',
    '/v1/uploads/not-an-id',
    '/v1/media/x%2F..',
    '/v1/media/%00',
    '/v1/media/x%2F../source',
    '/v1/conversations/x%2F..',
    '/v1/conversations/a.b',
  ])('%s', async (path) => {
    for (const method of ['GET', 'HEAD', 'PATCH', 'DELETE']) {
      const { status, type, text } = await rawRequest(method, path, headers(method === 'PATCH'));
      // 403: only a host's backend may, whatever it is.
      expect([403, 404, 405], `${method} ${path}: ${text}`).toContain(status);
      expect(type).toMatch(/^application\/problem\+json/);
    }
  });

  test('a path that cannot be decoded', async () => {
    const { status, type } = await rawRequest('GET', '/v1/media/%E0%A4%A', headers());
    expect(status).toBe(400);
    expect(type).toMatch(/^application\/problem\+json/);
  });

  test("another user's upload, on every method", async () => {
    const { response } = await create({});
    const location = response.headers.get('location') ?? '';
    for (const method of ['HEAD', 'PATCH', 'DELETE']) {
      const answer = await fetch(location, {
        method,
        headers: {
          authorization: `Bearer ${ben.token}`,
          'tus-resumable': '1.0.0',
          'upload-offset': '0',
          'content-type': 'application/offset+octet-stream',
        },
      });
      expect(answer.status, method).toBe(404);
    }
    const own = await fetch(location, { method: 'HEAD', headers: headers() });
    expect([own.status, own.headers.get('upload-offset')]).toEqual([200, '0']);
  });
});

describe('bodies', () => {
  test('not JSON', async () => {
    const response = await ann.fetch('/v1/conversations', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"member_ids": [',
    });
    expectProblem({ response, text: await response.text() }, 400, 'invalid_json');
  });

  test.each([
    [
      'an object where a string is expected',
      { client_message_id: { $ne: 1 }, message_type: 'text', body: 'x' },
      'client_message_id',
    ],
    ['an unknown field', { client_message_id: 'a', message_type: 'text', body: 'x', admin: true }, 'admin'],
    ['no media where one is needed', { client_message_id: 'a', message_type: 'image' }, 'media_object_id'],
    [
      'a body over 4,000 bytes',
      { client_message_id: 'a', message_type: 'text', body: 'é'.repeat(2_001) },
      'body',
    ],
    ['a NUL in the body', { client_message_id: 'a', message_type: 'text', body: 'a\u0000b' }, 'body'],
  ])('%s', async (_, message, field) => {
    const conversation = await ann.startConversation();
    const { status, body } = await ann.send(conversation, message as never);
    expect({ status, code: body.code, field: body.field }).toEqual({
      status: 400,
      code: 'invalid_request',
      field,
    });
  });

  test('a message about a media object that is not uploaded, and one that is not yours', async () => {
    const conversation = await ann.startConversation();
    const { response } = await create({});
    const id = response.headers.get('location')?.split('/').at(-1);
    const early = await ann.send(conversation, {
      client_message_id: 'a',
      message_type: 'image',
      media_object_id: id,
    });
    expect({ status: early.status, code: early.body.code }).toEqual({
      status: 409,
      code: 'media_not_uploaded',
    });
    const others = await ben.startConversation();
    const stolen = await ben.send(others, {
      client_message_id: 'a',
      message_type: 'image',
      media_object_id: id,
    });
    expect({ status: stolen.status, code: stolen.body.code }).toEqual({ status: 404, code: 'not_found' });
  });

  test('an event that would be over 8 KiB is refused, and nothing is numbered for it', async () => {
    const conversation = await ann.startConversation();
    const body = '"'.repeat(4_000);
    const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
    const sent = await ann.send(conversation, {
      client_message_id: 'a',
      message_type: 'image',
      media_object_id: id,
      body,
      alt: '"'.repeat(1_000),
    });
    expect({ status: sent.status, code: sent.body.code }).toEqual({ status: 413, code: 'too_large' });
    const next = await ann.send(conversation, {
      client_message_id: 'b',
      message_type: 'text',
      body: 'still here',
    });
    expect(next.body.seq).toBe(2);
  });
});

describe('PATCH', () => {
  const patch = async (
    location: string,
    offset: string,
    body: string,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(location, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${ann.token}`,
        'tus-resumable': '1.0.0',
        'upload-offset': offset,
        'content-type': 'application/offset+octet-stream',
        ...headers,
      },
      body,
    });
    return { response, text: await response.text() };
  };

  test('wrong offset, too many bytes, wrong type; and the upload survives all of it', async () => {
    const { response } = await create({});
    const location = response.headers.get('location') ?? '';
    expectProblem(await patch(location, '3', 'abc'), 409, 'offset_mismatch');
    expectProblem(await patch(location, '0', 'abcdefgh'), 413, 'too_large');
    expectProblem(
      await patch(location, '0', 'abc', { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
    );
    const good = await patch(location, '0', 'abcde');
    expect(good.response.status).toBe(204);
  });
});

describe('files that are not what they say end in a settled state', () => {
  const failedWith = async (bytes: Buffer, filename: string, filetype: string) => {
    const id = await ann.upload({ bytes, filename, filetype });
    const media = await ann.mediaIn(id, ['failed', 'ready', 'degraded']);
    return { id, state: media.state, code: media.failure?.code, upload: media.upload_state };
  };

  test('0 bytes', async () => {
    const result = await failedWith(Buffer.alloc(0), 'nothing.jpg', 'image/jpeg');
    expect(result).toMatchObject({ state: 'failed', code: 'empty_file', upload: 'uploaded' });
  });
  test('a text file named .jpg', async () => {
    const result = await failedWith(Buffer.from('just words\n'.repeat(50)), 'words.jpg', 'image/jpeg');
    expect(result).toMatchObject({ state: 'ready', code: undefined });
    const source = await ann.fetch(`/v1/media/${result.id}/source`);
    expect(source.status).toBe(200);
    expect(source.headers.get('content-disposition')).toMatch(/^attachment/);
  });
  test('a truncated mp4', async () => {
    const video = await videoFile();
    const result = await failedWith(video.subarray(0, Math.floor(video.length / 2)), 'half.mp4', 'video/mp4');
    expect(result).toMatchObject({ state: 'degraded', code: 'unreadable' });
    expect((await ann.fetch(`/v1/media/${result.id}/source`)).status).toBe(200);
  });
  test('a truncated photo', async () => {
    const photo = await smallPhoto();
    const result = await failedWith(photo.subarray(0, 20_000), 'half.jpg', 'image/jpeg');
    expect(result).toMatchObject({ state: 'degraded', code: 'unreadable' });
  });
  test('the EICAR test file is blocked, and its bytes are gone', async () => {
    const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!', '$H+H*'].join('');
    const id = await ann.upload({ bytes: Buffer.from(eicar), filename: 'note.txt', filetype: 'text/plain' });
    const media = await ann.mediaIn(id, ['blocked', 'ready', 'failed']);
    expect(media).toMatchObject({ state: 'blocked', scan_state: 'infected' });
    expect((await ann.call<Problem>('GET', `/v1/media/${id}/source`)).status).toBe(410);
  });
});
