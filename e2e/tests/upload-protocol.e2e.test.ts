import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Problem } from '@claimcheck/contracts/errors';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { startReplica } from '../harness/replica.ts';
import { askOffset } from '../harness/resume.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 ** 2;
const IDLE_MS = 1_000;

let system: System;
let ann: ChatUser;
let ben: ChatUser;
let bucket: Bucket;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { UPLOAD_IDLE_TIMEOUT: `${IDLE_MS}ms` });
  ann = new ChatUser(system, 'ann');
  ben = new ChatUser(system, 'ben');
  bucket = new Bucket(inject('stack'));
});
afterAll(async () => {
  bucket?.close();
  await system?.stop();
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const METADATA = `filename ${base64('a.bin')},filetype ${base64('application/octet-stream')}`;
const OCTETS = { 'content-type': 'application/offset+octet-stream' };

const create = (length: number) => WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, length);

const send = async (
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Buffer,
  user = ann,
) => {
  const response = await user.fetch(path, {
    method,
    headers: { 'tus-resumable': '1.0.0', ...headers },
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  });
  const text = await response.text();
  const isProblem = response.headers.get('content-type')?.includes('problem') === true && text !== '';
  const problem = isProblem ? (JSON.parse(text) as Problem) : undefined;
  return {
    status: response.status,
    headers: response.headers,
    code: problem?.code,
    offset: Number(response.headers.get('upload-offset')),
  };
};

const idOf = (answer: { headers: Headers }): string =>
  answer.headers.get('location')?.split('/').at(-1) ?? '';

test('OPTIONS says what the server can do', async () => {
  const { status, headers } = await send('OPTIONS', '/v1/uploads', {});
  expect(status).toBe(204);
  expect(headers.get('tus-version')).toBe('1.0.0');
  expect(headers.get('tus-checksum-algorithm')).toBe('sha1,sha256,crc32');
  expect(headers.get('tus-extension')?.split(',').sort()).toEqual([
    'checksum',
    'concatenation',
    'creation',
    'creation-defer-length',
    'creation-with-upload',
    'expiration',
    'termination',
  ]);
  expect(Number(headers.get('tus-max-size'))).toBeGreaterThan(1_000_000);
});

test('creation with upload: one round trip, also with a body that is too short or too long', async () => {
  const bytes = noise(100_000);
  const whole = await send(
    'POST',
    '/v1/uploads',
    { ...OCTETS, 'upload-length': '100000', 'upload-metadata': METADATA },
    bytes,
  );
  expect({ status: whole.status, offset: whole.offset }).toEqual({ status: 201, offset: 100_000 });
  await expectWhole(ann, idOf(whole), bytes);
  const half = await send(
    'POST',
    '/v1/uploads',
    { ...OCTETS, 'upload-length': '100000', 'upload-metadata': METADATA },
    bytes.subarray(0, 40_000),
  );
  expect({ status: half.status, offset: half.offset }).toEqual({ status: 201, offset: 40_000 });
  const rest = await send(
    'PATCH',
    `/v1/uploads/${idOf(half)}`,
    { ...OCTETS, 'upload-offset': '40000' },
    bytes.subarray(40_000),
  );
  expect(rest.status).toBe(204);
  await expectWhole(ann, idOf(half), bytes);
  const long = await send(
    'POST',
    '/v1/uploads',
    { ...OCTETS, 'upload-length': '10', 'upload-metadata': METADATA },
    bytes,
  );
  expect({ status: long.status, code: long.code }).toEqual({ status: 413, code: 'too_large' });
});

test('HEAD repeats the metadata as it was sent, and says when the upload expires', async () => {
  const created = await send('POST', '/v1/uploads', { 'upload-length': '5', 'upload-metadata': METADATA });
  const { headers } = await send('HEAD', `/v1/uploads/${idOf(created)}`, {});
  expect(headers.get('upload-metadata')).toBe(METADATA);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(new Date(headers.get('upload-expires') ?? '').getTime()).toBeGreaterThan(Date.now() + 3_600_000);
});

describe('metadata of stock clients', () => {
  const pair = (key: string, value: string) => `${key} ${base64(value)}`;
  const created = async (metadata: string | undefined) => {
    const { status, headers } = await send('POST', '/v1/uploads', {
      'upload-length': '5',
      ...(metadata === undefined ? {} : { 'upload-metadata': metadata }),
    });
    expect(status, metadata).toBe(201);
    const id = headers.get('location')?.split('/').at(-1) ?? '';
    const { filename, content_type } = await ann.media(id);
    return { id, filename, content_type };
  };

  test.each([
    ['none at all', undefined, 'file', 'application/octet-stream'],
    ['only a name', pair('filename', 'a.md'), 'a.md', 'application/octet-stream'],
    ['an empty type', `${pair('filename', 'a.md')},filetype `, 'a.md', 'application/octet-stream'],
    [
      'parameters',
      `${pair('filename', 'v.webm')},${pair('filetype', 'audio/webm;codecs=opus')}`,
      'v.webm',
      'audio/webm',
    ],
    ['aliases', `${pair('name', 'a.png')},${pair('type', 'image/png')}`, 'a.png', 'image/png'],
    [
      'spaces and an empty pair',
      ` ${pair('filename', 'a.png')} , ${pair('filetype', 'image/png')},`,
      'a.png',
      'image/png',
    ],
    [
      'empty optional keys',
      `${pair('filename', 'a')},sha256 ,conversation_id ,client_media_id,alt`,
      'a',
      'application/octet-stream',
    ],
    ['keys of the host', `${pair('filename', 'a')},${pair('color', 'red')}`, 'a', 'application/octet-stream'],
  ])('%s: accepted', async (_case, metadata, filename, content_type) => {
    expect(await created(metadata)).toMatchObject({ filename, content_type });
  });

  test('HEAD answers the header as the client sent it', async () => {
    const raw = `${pair('filename', 'a.png')}, ${pair('color', 'red')}`;
    const { id } = await created(raw);
    const { headers } = await send('HEAD', `/v1/uploads/${id}`, {});
    expect(headers.get('upload-metadata')).toBe(raw);
  });
});

describe('the same client_media_id', () => {
  const keyed = (key: string, more = '') => ({
    'upload-metadata': `filename ${base64('a.bin')},client_media_id ${base64(key)}${more}`,
  });

  test('with another length gets 409, and the first upload keeps its bytes', async () => {
    const key = crypto.randomUUID();
    const first = await send('POST', '/v1/uploads', { 'upload-length': '6', ...keyed(key) });
    expect(first.status).toBe(201);
    const path = `/v1/uploads/${first.headers.get('location')?.split('/').at(-1)}`;
    const patch = (offset: number, text: string) =>
      send('PATCH', path, { 'upload-offset': String(offset), ...OCTETS }, Buffer.from(text));
    expect((await patch(0, 'AAA')).status).toBe(204);
    const other = await send('POST', '/v1/uploads', { 'upload-length': '4000', ...keyed(key) });
    expect([other.status, other.code]).toEqual([409, 'client_key_conflict']);
    const same = await send('POST', '/v1/uploads', { 'upload-length': '6', ...keyed(key) });
    expect([same.status, same.headers.get('upload-offset')]).toEqual([201, '3']);
    expect((await patch(3, 'AAA')).status).toBe(204);
    const late = await send('POST', '/v1/uploads', { 'upload-length': '7', ...keyed(key) });
    expect([late.status, late.code]).toEqual([409, 'client_key_conflict']);
  });

  test('with another hash gets 409', async () => {
    const key = crypto.randomUUID();
    const hash = (digit: string) => `,sha256 ${base64(digit.repeat(64))}`;
    const made = await send('POST', '/v1/uploads', { 'upload-length': '6', ...keyed(key, hash('a')) });
    expect(made.status).toBe(201);
    const other = await send('POST', '/v1/uploads', { 'upload-length': '6', ...keyed(key, hash('b')) });
    expect([other.status, other.code]).toEqual([409, 'client_key_conflict']);
  });
});

describe('checksum', () => {
  const sums = (bytes: Buffer): Record<string, string> => {
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(bytes));
    return {
      sha1: createHash('sha1').update(bytes).digest('base64'),
      sha256: createHash('sha256').update(bytes).digest('base64'),
      crc32: crc.toString('base64'),
    };
  };

  test.each(['sha1', 'sha256', 'crc32'])(
    '%s: mismatching bytes are dropped, matching ones are kept',
    async (algorithm) => {
      // Over a part's size: also what was sent to the storage already must not count.
      const bytes = noise(9 * MIB);
      const upload = await create(bytes.length);
      const wrong = Buffer.from(bytes);
      wrong[5] = (wrong[5] ?? 0) ^ 1;
      const patch = (body: Buffer) =>
        send(
          'PATCH',
          `/v1/uploads/${upload.id}`,
          { ...OCTETS, 'upload-offset': '0', 'upload-checksum': `${algorithm} ${sums(bytes)[algorithm]}` },
          body,
        );
      expect(await patch(wrong)).toMatchObject({ status: 460, code: 'checksum_mismatch' });
      expect(await askOffset(upload)).toBe(0);
      expect(await patch(bytes)).toMatchObject({ status: 204, offset: bytes.length });
      await expectWhole(ann, upload.id, bytes);
    },
  );

  test('an algorithm that is not offered, and a value that is none', async () => {
    const upload = await create(3);
    for (const value of ['md5 AAAA', 'sha1 AAAA', 'sha1', 'nonsense'])
      expect(
        await send(
          'PATCH',
          `/v1/uploads/${upload.id}`,
          { ...OCTETS, 'upload-offset': '0', 'upload-checksum': value },
          Buffer.from('abc'),
        ),
      ).toMatchObject({ status: 400, code: 'tus_protocol' });
    expect(await askOffset(upload)).toBe(0);
  });
});

describe('concatenation', () => {
  const partial = async (bytes: Buffer): Promise<string> => {
    const created = await send('POST', '/v1/uploads', {
      'upload-concat': 'partial',
      'upload-length': String(bytes.length),
    });
    const id = idOf(created);
    if (bytes.length > 0)
      await send('PATCH', `/v1/uploads/${id}`, { ...OCTETS, 'upload-offset': '0' }, bytes);
    return id;
  };
  const finish = (ids: string[], user = ann) =>
    send(
      'POST',
      '/v1/uploads',
      {
        'upload-concat': `final;${ids.map((id) => `${system.apiUrl}/v1/uploads/${id}`).join(' ')}`,
        'upload-metadata': METADATA,
      },
      undefined,
      user,
    );

  test.each([
    ['pieces that the storage can copy', [6 * MIB, 5 * MIB, 100]],
    ['pieces that are too small for that', [3, 2 * MIB, 0, 700_000]],
    ['more than a part of small pieces', [4 * MIB, 4 * MIB, 4 * MIB]],
  ])('%s', async (_, sizes) => {
    const pieces = sizes.map((size) => noise(size));
    const ids = await Promise.all(pieces.map(partial));
    const final = await finish(ids);
    expect(final.status).toBe(201);
    await expectWhole(ann, idOf(final), Buffer.concat(pieces));
    const head = await send('HEAD', `/v1/uploads/${idOf(final)}`, {});
    expect(head.headers.get('upload-concat')).toMatch(/^final;/);
  });

  test("a piece that is not whole, one that is another's, one that is none", async () => {
    const whole = await partial(randomBytes(10));
    const created = await send('POST', '/v1/uploads', { 'upload-concat': 'partial', 'upload-length': '10' });
    expect(await finish([whole, idOf(created)])).toMatchObject({ status: 400, code: 'tus_protocol' });
    expect(await finish([whole], ben)).toMatchObject({ status: 404, code: 'not_found' });
    const ordinary = await create(5);
    expect(await finish([ordinary.id])).toMatchObject({ status: 404 });
    expect(await finish(['nonsense'])).toMatchObject({ status: 400 });
  });

  test('a partial upload is no media object', async () => {
    const id = await partial(randomBytes(10));
    expect((await ann.call('GET', `/v1/media/${id}`)).status).toBe(404);
  });
});

test('X-HTTP-Method-Override', async () => {
  const upload = await create(5);
  const path = `/v1/uploads/${upload.id}`;
  const patched = await send(
    'POST',
    path,
    { ...OCTETS, 'x-http-method-override': 'PATCH', 'upload-offset': '0' },
    Buffer.from('abc'),
  );
  expect(patched).toMatchObject({ status: 204, offset: 3 });
  expect(await send('POST', path, { 'x-http-method-override': 'HEAD' })).toMatchObject({
    status: 200,
    offset: 3,
  });
  expect((await send('POST', path, { 'x-http-method-override': 'DELETE' })).status).toBe(204);
  expect((await send('HEAD', path, {})).status).toBe(410);
  // A HEAD that is a POST on the wire: its client waits for a body of the announced length.
  expect((await send('POST', path, { 'x-http-method-override': 'HEAD' })).status).toBe(410);
});

test('deferred length: told with the last bytes, or after them; parts have their usual size', async () => {
  for (const [size, alone] of [
    [20 * MIB + 7, false],
    [8 * MIB, true],
    [300, true],
  ] as const) {
    const bytes = noise(size);
    const created = await send('POST', '/v1/uploads', {
      'upload-defer-length': '1',
      'upload-metadata': METADATA,
    });
    const path = `/v1/uploads/${idOf(created)}`;
    const first = alone ? bytes : bytes.subarray(0, 17 * MIB);
    expect((await send('PATCH', path, { ...OCTETS, 'upload-offset': '0' }, first)).offset).toBe(first.length);
    const head = await send('HEAD', path, {});
    expect([head.headers.get('upload-defer-length'), head.offset]).toEqual(['1', first.length]);
    const last = await send(
      'PATCH',
      path,
      { ...OCTETS, 'upload-offset': String(first.length), 'upload-length': String(size) },
      bytes.subarray(first.length),
    );
    expect(last).toMatchObject({ status: 204, offset: size });
    await expectWhole(ann, idOf(created), bytes);
  }
});

/** A PATCH at offset 0 without Content-Length; `write` sends the body. @returns the status */
const chunkedPatch = (
  id: string,
  headers: Record<string, string>,
  write: (request: http.ClientRequest) => void,
) =>
  new Promise<number>((resolve, reject) => {
    const request = http.request(`${system.apiUrl}/v1/uploads/${id}`, {
      method: 'PATCH',
      headers: {
        ...OCTETS,
        authorization: `Bearer ${ann.token}`,
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        'transfer-encoding': 'chunked',
        ...headers,
      },
    });
    request.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject);
    write(request);
  });

test('a body without Content-Length, after Expect: 100-continue', async () => {
  const bytes = noise(3 * MIB);
  const upload = await create(bytes.length);
  const status = await chunkedPatch(upload.id, { expect: '100-continue' }, (request) =>
    request.on('continue', () => {
      for (let at = 0; at < bytes.length; at += 70_000) request.write(bytes.subarray(at, at + 70_000));
      request.end();
    }),
  );
  expect(status).toBe(204);
  await expectWhole(ann, upload.id, bytes);
});

test('a chunked body that is longer than the upload: what fits is kept, and no more', async () => {
  const bytes = noise(1_000);
  const upload = await create(500);
  expect(await chunkedPatch(upload.id, {}, (request) => request.end(bytes))).toBe(413);
  expect(await askOffset(upload)).toBeLessThanOrEqual(500);
});

test('many small patches: tails are joined, and leave nothing behind', async () => {
  const bytes = noise(9 * MIB + 123);
  const upload = await create(bytes.length);
  let offset = 0;
  while (offset < bytes.length) {
    const piece = bytes.subarray(offset, offset + 200_000);
    expect(await upload.patch(offset, piece)).toMatchObject({ status: 204, offset: offset + piece.length });
    offset += piece.length;
  }
  await expectWhole(ann, upload.id, bytes);
  const left = async () => ((await bucket.keys(`${upload.id}/tail/`)).length === 0 ? true : undefined);
  await until(left, { withinMs: 5_000, what: 'the tails to be gone' });
});

describe('time', () => {
  test('a silent connection is ended after the idle limit, and its bytes are kept', async () => {
    const bytes = noise(500_000);
    const upload = await create(bytes.length);
    const request = upload.openPatch(0, bytes.length);
    await request.write(bytes.subarray(0, 300_000));
    const answer = await request.answer;
    expect(answer).toMatchObject({ kind: 'answered', status: 204, offset: 300_000 });
    expect(answer.ms).toBeGreaterThanOrEqual(IDLE_MS * 0.9);
    expect(await upload.patch(300_000, bytes.subarray(300_000))).toMatchObject({ status: 204 });
    await expectWhole(ann, upload.id, bytes);
  });

  test('a slow but steady one may take longer than the idle limit', async () => {
    const bytes = noise(60_000);
    const upload = await create(bytes.length);
    const request = upload.openPatch(0, bytes.length);
    const startedAt = performance.now();
    // The pauses are what is tested: each is shorter than the limit, together they are longer.
    for (let at = 0; at < bytes.length; at += 10_000) {
      await request.write(bytes.subarray(at, at + 10_000));
      await pause(IDLE_MS / 3);
    }
    request.end();
    expect(await request.answer).toMatchObject({ kind: 'answered', status: 204, offset: bytes.length });
    expect(performance.now() - startedAt).toBeGreaterThan(IDLE_MS * 1.5);
    await expectWhole(ann, upload.id, bytes);
  });
});

describe('memory', () => {
  /** Clients that take all the room for parts, six of 48 MiB, and do not fill it. */
  const stall = async (baseUrl: string) => {
    const bytes = noise(300 * 1_024);
    const clients = await Promise.all(
      ['silent', 'silent', 'trickles', 'trickles', 'checksum', 'checksum'].map(async (kind) => {
        const upload = (await create(16 * MIB)).via(baseUrl);
        const sum = createHash('sha1').update(bytes).digest('base64');
        const headers: Record<string, string> =
          kind === 'checksum' ? { 'upload-checksum': `sha1 ${sum}` } : {};
        return { kind, upload, request: upload.openPatch(0, 16 * MIB, 60_000, headers) };
      }),
    );
    await Promise.all(clients.map(({ request }) => request.write(bytes)));
    const trickle = setInterval(() => {
      for (const { kind, request } of clients) if (kind === 'trickles') void request.write(Buffer.alloc(1));
    }, 100);
    return {
      clients,
      sent: bytes,
      stop: () => {
        clearInterval(trickle);
        for (const { request } of clients) request.destroy();
      },
    };
  };

  test('six clients that stall hold up no other client, and keep their bytes', async () => {
    const replica = await startReplica(system, { env: { UPLOAD_IDLE_TIMEOUT: '60s' } });
    const { clients, sent, stop } = await stall(replica.url);
    try {
      const bytes = noise(16 * MIB);
      const upload = (await create(bytes.length)).via(replica.url);
      expect(await upload.patch(0, bytes, 20_000)).toMatchObject({ status: 204, offset: bytes.length });
      await expectWhole(ann, upload.id, bytes);
      for (const { kind, upload: stalled } of clients) {
        const offset = await askOffset(stalled);
        if (kind === 'checksum') expect(offset).toBe(0);
        else expect(offset).toBeGreaterThanOrEqual(sent.length);
      }
    } finally {
      stop();
      await replica.service.stop();
    }
  });
});

describe('replicas', () => {
  test('a graceful stop stores what arrived, and the client resumes elsewhere', async () => {
    const replica = await startReplica(system);
    const bytes = noise(12 * MIB);
    const upload = await create(bytes.length);
    const there = upload.via(replica.url);
    const request = there.openPatch(0, bytes.length);
    await request.write(bytes.subarray(0, 10 * MIB));
    await replica.service.stop();
    const answer = await request.answer;
    expect(answer).toMatchObject({ kind: 'answered', status: 204 });
    const offset = await askOffset(upload);
    expect(answer.kind === 'answered' ? answer.offset : -1).toBe(offset);
    // How much of it had arrived is the network's affair.
    expect(offset).toBeGreaterThan(0);
    expect(await upload.patch(offset, bytes.subarray(offset))).toMatchObject({ status: 204 });
    await expectWhole(ann, upload.id, bytes);
  });

  test('a phone that reconnects while its old connection hangs has its upload back within a second', async () => {
    const replica = await startReplica(system);
    try {
      const bytes = noise(20 * MIB);
      const upload = await create(bytes.length);
      const hanging = upload.openPatch(0, bytes.length);
      // More than the buffers of two sockets hold: once it is written, the api is reading.
      await hanging.write(bytes.subarray(0, 14 * MIB));
      const startedAt = performance.now();
      const elsewhere = upload.via(replica.url);
      const offset = await askOffset(elsewhere);
      const tookMs = performance.now() - startedAt;
      console.log(`taken over after ${Math.round(tookMs)} ms at ${offset}`);
      expect(offset).toBeGreaterThan(0);
      expect(tookMs).toBeLessThan(1_000);
      expect(await elsewhere.patch(offset, bytes.subarray(offset))).toMatchObject({ status: 204 });
      hanging.destroy();
      await expectWhole(ann, upload.id, bytes);
    } finally {
      await replica.service.stop();
    }
  });
});

describe('termination leaves nothing behind', () => {
  test.each([
    ['with parts and a tail', 20 * MIB, 17 * MIB],
    ['with a tail', 20 * MIB, 100_000],
    ['without a byte', 20 * MIB, 0],
    ['finished', 300_000, 300_000],
  ])('%s', async (_, length, sent) => {
    const upload = await create(length);
    if (sent > 0) await upload.patch(0, noise(sent));
    expect((await send('DELETE', `/v1/uploads/${upload.id}`, {})).status).toBe(204);
    expect(await bucket.keys(`${upload.id}/`)).toEqual([]);
    expect(await bucket.openUploads(upload.id)).toEqual([]);
    expect((await send('HEAD', `/v1/uploads/${upload.id}`, {})).status).toBe(410);
    expect((await send('DELETE', `/v1/uploads/${upload.id}`, {})).status).toBe(204);
  });
});
