import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { type Replica, startReplica } from '../harness/replica.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';
import { sendDraft } from './draft-client.ts';

const MIB = 1_024 ** 2;

let system: System;
let other: Replica;
let ann: ChatUser;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}` });
  other = await startReplica(system);
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await other?.service.stop();
  await system?.stop();
});

const idOf = (location: unknown): string => String(location).split('/').at(-1) ?? '';

describe.each([3, 4, 5, 6, 8])('interop version %i', (version) => {
  const common = () => ({
    authorization: `Bearer ${ann.token}`,
    'upload-draft-interop-version': String(version),
  });
  const last = (isLast: boolean) =>
    version === 3
      ? { 'upload-incomplete': isLast ? '?0' : '?1' }
      : { 'upload-complete': isLast ? '?1' : '?0' };
  /** Whether an answer calls the upload complete. */
  const isComplete = (headers: Record<string, unknown> = {}) =>
    version === 3 ? headers['upload-incomplete'] === '?0' : headers['upload-complete'] === '?1';
  const partial = version < 6 ? {} : { 'content-type': 'application/partial-upload' };
  const collection = () => `${system.apiUrl}/v1/uploads`;

  /** Asks for the offset and sends the rest, as a client does, until the upload is complete. */
  const finish = (url: string, bytes: Buffer): Promise<true> =>
    until(
      async () => {
        const asked = await sendDraft(url, 'HEAD', common()).answer;
        if (asked?.status !== 204) return undefined;
        if (isComplete(asked.headers)) return true;
        const from = Number(asked.headers['upload-offset']);
        const rest = { ...common(), ...last(true), ...partial, 'upload-offset': String(from) };
        await sendDraft(url, 'PATCH', rest, { bytes: bytes.subarray(from) }).answer;
        return undefined;
      },
      { withinMs: 30_000, what: 'the upload to be complete' },
    );

  test('an upload that is cut after the 104 continues on another replica', async () => {
    const bytes = noise(12 * MIB + 345);
    const file = {
      ...common(),
      ...last(true),
      'content-type': 'image/png',
      'content-disposition': 'inline; filename="a.png"',
    };
    const first = sendDraft(collection(), 'POST', file, { bytes, sent: 9 * MIB });
    const { headers } = await first.announced;
    expect(headers['upload-draft-interop-version']).toBe(String(version));
    const id = idOf(headers.location);
    const url = `${other.url}/v1/uploads/${id}`;
    await first.sent;
    first.cut();

    const resumed = await until(
      async () => {
        const asked = await sendDraft(url, 'HEAD', common()).answer;
        return Number(asked?.headers['upload-offset']) > 0 ? asked : undefined;
      },
      { withinMs: 20_000, what: 'what arrived to be kept' },
    );
    const from = Number(resumed.headers['upload-offset']);
    expect([resumed.status, isComplete(resumed.headers)]).toEqual([204, false]);
    expect(resumed.headers['cache-control']).toContain('no-store');
    const rest = { ...common(), ...last(true), ...partial, 'upload-offset': String(from) };
    const done = await sendDraft(url, 'PATCH', rest, { bytes: bytes.subarray(from) }).answer;
    expect(done?.status).toBeLessThan(300);
    expect(isComplete(done?.headers)).toBe(true);
    await expectWhole(ann, id, bytes);
    expect((await ann.media(id)).filename).toBe('a.png');
  });

  test('an upload in parts of unknown total length is whole after the last', async () => {
    const bytes = noise(2 * MIB + 1);
    const created = await sendDraft(
      collection(),
      'POST',
      { ...common(), ...last(false) },
      { bytes: bytes.subarray(0, MIB) },
    ).answer;
    expect([created?.status, isComplete(created?.headers)]).toEqual([201, false]);
    const url = `${collection()}/${idOf(created?.headers.location)}`;
    const append = (from: number, to: number, isLast: boolean) =>
      sendDraft(
        url,
        'PATCH',
        { ...common(), ...last(isLast), ...partial, 'upload-offset': String(from) },
        { bytes: bytes.subarray(from, to) },
      ).answer;
    const middle = await append(MIB, 2 * MIB, false);
    expect([middle?.status, isComplete(middle?.headers)]).toEqual([204, false]);
    const wrong = await append(1, 2, false);
    expect([wrong?.status, wrong?.headers['upload-offset'], isComplete(wrong?.headers)]).toEqual([
      409,
      String(2 * MIB),
      false,
    ]);
    expect(isComplete((await append(2 * MIB, bytes.length, true))?.headers)).toBe(true);
    await expectWhole(ann, idOf(url), bytes);
  });

  test('a chunked body of unknown length ends an upload, in its creation and later', async () => {
    const bytes = noise(9 * MIB + 11);
    const whole = sendDraft(
      collection(),
      'POST',
      { ...common(), ...last(true) },
      { bytes: bytes.subarray(0, MIB), isChunked: true },
    );
    whole.write(bytes.subarray(MIB));
    whole.end();
    const created = await whole.answer;
    expect([created?.status, isComplete(created?.headers)]).toEqual([201, true]);
    await expectWhole(ann, idOf(created?.headers.location), bytes);

    const started = await sendDraft(
      collection(),
      'POST',
      { ...common(), ...last(false) },
      { bytes: bytes.subarray(0, 1_000) },
    ).answer;
    const url = `${collection()}/${idOf(started?.headers.location)}`;
    const rest = sendDraft(
      url,
      'PATCH',
      { ...common(), ...last(true), ...partial, 'upload-offset': '1000' },
      { bytes: bytes.subarray(1_000), isChunked: true },
    );
    rest.end();
    const done = await rest.answer;
    expect([done?.status, isComplete(done?.headers)]).toEqual([204, true]);
    await expectWhole(ann, idOf(url), bytes);
  });

  test('a chunked body that is cut off does not end its upload', async () => {
    const bytes = noise(2 * MIB);
    const first = sendDraft(
      collection(),
      'POST',
      { ...common(), ...last(true) },
      { bytes: bytes.subarray(0, MIB), isChunked: true },
    );
    const url = `${collection()}/${idOf((await first.announced).headers.location)}`;
    await first.sent;
    first.cut();
    const asked = await sendDraft(url, 'HEAD', common()).answer;
    expect([asked?.status, isComplete(asked?.headers)]).toEqual([204, false]);
    await finish(url, bytes);
    await expectWhole(ann, idOf(url), bytes);
  });

  test('a second request takes over from one that hangs on another replica', async () => {
    const bytes = noise(12 * MIB + 345);
    const hanging = sendDraft(collection(), 'POST', { ...common(), ...last(true) }, { bytes, sent: 9 * MIB });
    const url = `${other.url}/v1/uploads/${idOf((await hanging.announced).headers.location)}`;
    await hanging.sent;
    const asked = await sendDraft(url, 'HEAD', common()).answer;
    expect([asked?.status, isComplete(asked?.headers)]).toEqual([204, false]);
    const from = Number(asked?.headers['upload-offset']);
    // Two at once: the later one takes over, or learns that it comes too late.
    const rest = { ...common(), ...last(true), ...partial, 'upload-offset': String(from) };
    const both = await Promise.all(
      [url, url.replace(other.url, system.apiUrl)].map(
        (at) => sendDraft(at, 'PATCH', rest, { bytes: bytes.subarray(from) }).answer,
      ),
    );
    for (const answer of both) expect([204, 409, 423]).toContain(answer?.status);
    expect(isComplete((await hanging.answer)?.headers)).toBe(false);
    hanging.cut();
    await finish(url, bytes);
    await expectWhole(ann, idOf(url), bytes);
  });

  test('an upload that is cancelled is gone', async () => {
    const created = await sendDraft(
      collection(),
      'POST',
      { ...common(), ...last(false) },
      { bytes: noise(100) },
    ).answer;
    const url = `${collection()}/${idOf(created?.headers.location)}`;
    expect((await sendDraft(url, 'DELETE', common()).answer)?.status).toBe(204);
    expect((await sendDraft(url, 'HEAD', common()).answer)?.status).toBe(410);
  });
});

const DRAFT = () => ({ authorization: `Bearer ${ann.token}`, 'upload-draft-interop-version': '8' });

test('a ticket lets a background upload start at the URL that POST /v1/media answered', async () => {
  const bytes = noise(3 * MIB);
  const { body } = await ann.call<{ upload: { url: string; headers: Record<string, string> } }>(
    'POST',
    '/v1/media',
    {
      client_media_id: crypto.randomUUID(),
      filename: 'film.mov',
      content_type: 'video/quicktime',
      size_bytes: bytes.length,
      protocols: ['tus'],
    },
  );
  const { authorization = '', Authorization = authorization } = body.upload.headers;
  const headers = {
    authorization: Authorization,
    'upload-draft-interop-version': '8',
    'upload-complete': '?1',
    'content-type': 'video/quicktime',
  };
  const started = sendDraft(body.upload.url, 'POST', headers, { bytes });
  expect((await started.announced).headers.location).toBe(body.upload.url);
  expect((await started.answer)?.headers['upload-complete']).toBe('?1');
  const media = await ann.mediaIn(idOf(body.upload.url), ['ready', 'degraded', 'failed']);
  expect(media.size_bytes).toBe(bytes.length);
});

test('one upload is started with tus and finished with the draft', async () => {
  const bytes = noise(MIB);
  const upload = await WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, bytes.length);
  expect(await upload.patch(0, bytes.subarray(0, 1_000))).toMatchObject({ status: 204 });
  const rest = { ...DRAFT(), 'upload-complete': '?1', 'upload-offset': '1000' };
  const url = `${system.apiUrl}/v1/uploads/${upload.id}`;
  const done = await sendDraft(url, 'PATCH', rest, { bytes: bytes.subarray(1_000) }).answer;
  expect([done?.status, done?.headers['upload-complete']]).toEqual([204, '?1']);
  await expectWhole(ann, upload.id, bytes);
});

test('interim responses say what is stored while a long request is being received', async () => {
  const PART = 8 * MIB;
  const bytes = noise(3 * PART);
  const headers = { ...DRAFT(), 'upload-complete': '?1' };
  const sending = sendDraft(`${system.apiUrl}/v1/uploads`, 'POST', headers, { bytes, sent: PART + MIB });
  const { headers: announced } = await sending.announced;
  const upTo = (offset: number) =>
    until(async () => (sending.offsets.at(-1) === offset ? true : undefined), {
      withinMs: 20_000,
      what: `an interim response with the offset ${offset}`,
    });
  await upTo(PART);
  // There is at most one of them each second.
  await pause(1_100);
  sending.write(bytes.subarray(PART + MIB, 2 * PART + MIB));
  await upTo(2 * PART);
  sending.write(bytes.subarray(2 * PART + MIB));
  sending.end();
  expect((await sending.answer)?.headers['upload-complete']).toBe('?1');
  expect(sending.offsets).toEqual([PART, 2 * PART]);
  await expectWhole(ann, idOf(announced.location), bytes);
});

test('OPTIONS and every later answer say what an upload may be', async () => {
  const options = await sendDraft(`${system.apiUrl}/v1/uploads`, 'OPTIONS', {}).answer;
  expect(options?.headers['upload-limit']).toMatch(/^max-size=\d+$/);
  const created = await sendDraft(
    `${system.apiUrl}/v1/uploads`,
    'POST',
    { ...DRAFT(), 'upload-complete': '?0' },
    { bytes: noise(1) },
  ).answer;
  expect(created?.headers['upload-limit']).toMatch(/^max-size=\d+, max-age=\d+$/);
});

test('lengths that contradict each other are refused', async () => {
  const headers = { ...DRAFT(), 'upload-complete': '?1', 'upload-length': '7' };
  const answer = await sendDraft(`${system.apiUrl}/v1/uploads`, 'POST', headers, { bytes: noise(8) }).answer;
  expect(answer?.status).toBe(400);
});

test.each(['ietf-draft-03', 'ietf-draft-05'] as const)('tus-js-client uploads with %s', async (protocol) => {
  const bytes = noise(5 * MIB + 7);
  const url = await new Promise<string>((resolve, reject) => {
    const options: UploadOptions & { protocol: string } = {
      endpoint: `${system.apiUrl}/v1/uploads`,
      protocol,
      chunkSize: 2 * MIB,
      headers: { authorization: `Bearer ${ann.token}` },
      metadata: { filename: 'a.bin' },
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ''),
    };
    const upload = new Upload(bytes, options);
    upload.start();
  });
  await expectWhole(ann, idOf(url), bytes);
});
