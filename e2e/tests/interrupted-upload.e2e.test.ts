import { randomInt } from 'node:crypto';
import net from 'node:net';
import { Database } from '@claimcheck/database/database';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { phonePhoto, sha256 } from '../harness/fixtures.ts';
import { noise } from '../harness/noise.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
let ann: ChatUser;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  ann = new ChatUser(system, 'ann');
});
afterAll(() => system?.stop());

/** A connection that breaks once, after this many bytes from the client; later it passes everything. */
const startBreakingProxy = async (target: URL, breakAfter: number) => {
  let passed = 0;
  let broken = false;
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port), target.hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    client.on('error', end).on('close', end);
    upstream.on('error', end).on('close', end);
    upstream.pipe(client);
    client.on('data', (chunk) => {
      passed += chunk.length;
      if (broken || passed <= breakAfter) {
        upstream.write(chunk);
        return;
      }
      broken = true;
      upstream.write(chunk.subarray(0, chunk.length - (passed - breakAfter)), end);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${port}`, isBroken: () => broken, close: () => server.close() };
};

test('an upload that is cut at a random byte is resumed, and arrives byte for byte', async () => {
  const photo = await phonePhoto();
  const cut = randomInt(2_000, photo.length - 1_000);
  console.log(`cut after byte ${cut} of ${photo.length}`);
  const proxy = await startBreakingProxy(new URL(system.apiUrl), cut);
  const offsets: number[] = [];
  const id = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(photo, {
      endpoint: `${proxy.url}/v1/uploads`,
      headers: { authorization: `Bearer ${ann.token}` },
      metadata: { filename: 'a.jpg', filetype: 'image/jpeg' },
      retryDelays: [100, 300, 1_000, 3_000],
      // The Location names the public origin; this client stays behind its bad network.
      onAfterResponse: (request, response) => {
        if (request.getMethod() === 'HEAD') offsets.push(Number(response.getHeader('Upload-Offset')));
      },
      onBeforeRequest: () => {},
      onError: reject,
      onSuccess: () => resolve(upload.url?.split('/').at(-1) ?? ''),
      onUploadUrlAvailable: () => {
        upload.url = upload.url?.replace(system.apiUrl, proxy.url) ?? null;
      },
    });
    upload.start();
  });
  proxy.close();
  expect(proxy.isBroken(), 'the connection was cut').toBe(true);
  expect(offsets.length, 'the client asked for the offset').toBeGreaterThan(0);
  const media = await ann.mediaIn(id, ['ready', 'degraded', 'failed']);
  expect({ state: media.state, sha256: media.sha256 }).toEqual({ state: 'ready', sha256: sha256(photo) });
});

const PROTOCOL = { 'tus-resumable': '1.0.0' };

/** @returns the path of a new upload */
const create = async (length: Record<string, string>): Promise<string> => {
  const metadata = `filename ${btoa('a.bin')},filetype ${btoa('application/octet-stream')}`;
  const headers = { ...PROTOCOL, ...length, 'upload-metadata': metadata };
  const created = await ann.fetch('/v1/uploads', { method: 'POST', headers });
  return new URL(created.headers.get('location') ?? '').pathname;
};

const patch = async (path: string, offset: number, bytes: Uint8Array<ArrayBuffer>) => {
  const type = { 'content-type': 'application/offset+octet-stream' };
  const headers = { ...PROTOCOL, ...type, 'upload-offset': String(offset) };
  const { status, headers: answered } = await ann.fetch(path, { method: 'PATCH', headers, body: bytes });
  return { status, offset: Number(answered.get('upload-offset')) };
};

const idOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

test('bytes that are all stored, the last of them in a tail, are finished whole by the next HEAD', async () => {
  const bytes = new Uint8Array(noise(300_000));
  const path = await create({ 'upload-defer-length': '1' });
  const id = idOf(path);
  expect(await patch(path, 0, bytes)).toEqual({ status: 204, offset: bytes.length });
  // As the row stays when the process dies after the length was declared, and before anything was finished.
  const database = new Database({ url: system.databaseUrl });
  await database.client.upload_session.update({ where: { upload_id: id }, data: { length: bytes.length } });
  await database.close();
  const head = await ann.fetch(path, { method: 'HEAD', headers: PROTOCOL });
  expect([head.status, head.headers.get('upload-offset')]).toEqual([200, String(bytes.length)]);
  await ann.mediaIn(id, ['ready']);
  await expectWhole(ann, id, Buffer.from(bytes));
});

test('tails stay until the database knows that the upload is whole: it is finished when it answers again', async () => {
  const bytes = new Uint8Array(noise(300_000));
  const path = await create({ 'upload-length': String(bytes.length) });
  const id = idOf(path);
  const half = 150_000;
  expect(await patch(path, 0, bytes.subarray(0, half))).toEqual({ status: 204, offset: half });
  const database = new Database({ url: system.databaseUrl });
  await database.client.$executeRawUnsafe(
    `ALTER TABLE media_object ADD CONSTRAINT refused CHECK (media_object_id <> '${id}' OR upload_state <> 'uploaded')`,
  );
  expect(await patch(path, half, bytes.subarray(half))).toMatchObject({ status: 503 });
  await database.client.$executeRaw`ALTER TABLE media_object DROP CONSTRAINT refused`;
  await database.close();
  expect(await patch(path, half, bytes.subarray(half))).toEqual({ status: 204, offset: bytes.length });
  await ann.mediaIn(id, ['ready']);
  await expectWhole(ann, id, Buffer.from(bytes));
  await expect.poll(() => new Bucket(system.env).keys(`${id}/tail/`)).toEqual([]);
});

test('the same client_media_id, at the same time and again, is one media object', async () => {
  const bytes = await phonePhoto();
  const create = () =>
    ann.fetch('/v1/uploads', {
      method: 'POST',
      headers: {
        'tus-resumable': '1.0.0',
        'upload-length': String(bytes.length),
        'upload-metadata': ['filename a.jpg', 'filetype image/jpeg', 'client_media_id photo-1']
          .map((pair) =>
            pair.replace(/ (.*)/, (_, value: string) => ` ${Buffer.from(value).toString('base64')}`),
          )
          .join(','),
      },
    });
  const answers = await Promise.all([create(), create(), create(), create()]);
  expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201, 201]);
  expect(new Set(answers.map((answer) => answer.headers.get('location'))).size).toBe(1);
  const id = await ann.upload(
    { bytes, filename: 'a.jpg', filetype: 'image/jpeg' },
    { client_media_id: 'photo-1' },
  );
  expect(answers[0]?.headers.get('location')).toBe(`${system.apiUrl}/v1/uploads/${id}`);
  const again = await create();
  expect([again.status, again.headers.get('upload-offset')]).toEqual([201, String(bytes.length)]);
});
