import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './harness/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'), {
    UPLOAD_IDLE_TIMEOUT: '1s',
    MAX_UPLOAD_BYTES: '400000000',
    DEV_LOGIN: 'true',
  });
});
afterAll(() => api?.close());

const FILM = 300 * 1_024 ** 2;
const CHUNK = Buffer.alloc(256 * 1_024);
/** Bytes of an unread body that socket buffers and one read may hold. */
const LITTLE = 24 * 1_024 ** 2;

const open = async (): Promise<{ socket: Socket; answer: () => string; closed: Promise<unknown> }> => {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  // A reset is one way to close.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, answer: () => answer, closed };
};

const head = (method: string, path: string, headers: Record<string, string>): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: x',
    ...Object.entries(headers).map((pair) => pair.join(': ')),
    '',
    '',
  ].join('\r\n');

const bearer = () => ({ Authorization: `Bearer ${api.tokenFor('ann')}` });
const JSON_TYPE = { 'Content-Type': 'application/json' };
const TUS = { 'Tus-Resumable': '1.0.0', 'Content-Type': 'application/offset+octet-stream' };
const NOWHERE = '/v1/uploads/0198c1f0-0000-7000-8000-000000000000';

describe('a body that stops', () => {
  test.each([
    ['after its first bytes', 0],
    ['and drips', 300],
  ])('%s is answered with 408, and the connection closed', async (_name, everyMs) => {
    const { socket, answer, closed } = await open();
    socket.write(
      `${head('POST', '/v1/media', { ...bearer(), ...JSON_TYPE, 'Content-Length': '100' })}{"filename`,
    );
    const drip = everyMs === 0 ? undefined : setInterval(() => socket.write(' '), everyMs);
    await closed;
    clearInterval(drip);
    expect(answer()).toMatch(/^HTTP\/1\.1 408 .*Connection: close.*"request_timeout"/s);
  });

  test('of a client without a token is not waited for', async () => {
    const { socket, answer, closed } = await open();
    socket.write(`${head('POST', '/v1/media', { ...JSON_TYPE, 'Content-Length': '1000000000' })}{`);
    await closed;
    expect(answer()).toMatch(/^HTTP\/1\.1 401 .*Connection: close/s);
  });
});

describe('a film that is refused', () => {
  test.each([
    ['PATCH without a token', 401, 'PATCH', NOWHERE, () => TUS],
    [
      'PATCH of an unknown upload',
      404,
      'PATCH',
      NOWHERE,
      () => ({ ...TUS, ...bearer(), 'Upload-Offset': '0' }),
    ],
    [
      'creation with bad metadata',
      400,
      'POST',
      '/v1/uploads',
      () => ({ ...TUS, ...bearer(), 'Upload-Length': String(FILM), 'Upload-Metadata': 'filename %' }),
    ],
    [
      'creation above the maximum',
      413,
      'POST',
      '/v1/uploads',
      () => ({ ...TUS, ...bearer(), 'Upload-Length': '400000001' }),
    ],
    ['JSON that announces too much', 413, 'POST', '/v1/media', () => ({ ...JSON_TYPE, ...bearer() })],
    [
      'a route that does not exist',
      404,
      'POST',
      '/nothing',
      () => ({ 'Content-Type': 'video/mp4', ...bearer() }),
    ],
  ] as const)('%s: %i, and its bytes stay with the client', async (_name, status, method, path, headers) => {
    const { socket, answer, closed } = await open();
    socket.write(head(method, path, { ...headers(), 'Content-Length': String(FILM) }));
    let sent = 0;
    while (sent < FILM) {
      const flushed = new Promise<number>((resolve) =>
        socket.write(CHUNK, (error) => resolve(error ? 0 : CHUNK.length)),
      );
      const bytes = await Promise.race([flushed, closed.then(() => 0), pause(1_000, 0)]);
      if (bytes === 0) break;
      sent += bytes;
    }
    await closed;
    expect(answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*Connection: close`, 's'));
    expect(sent).toBeLessThan(LITTLE);
  });
});

test('a small refused body leaves the connection open for the next request', async () => {
  const { socket, answer } = await open();
  const body = JSON.stringify({ nonsense: true });
  const request = `${head('POST', '/v1/media', { ...bearer(), ...JSON_TYPE, 'Content-Length': String(body.length) })}${body}`;
  socket.write(request);
  await expect.poll(() => answer().match(/HTTP\/1\.1 400/g)?.length).toBe(1);
  socket.write(request);
  await expect.poll(() => answer().match(/HTTP\/1\.1 400/g)?.length).toBe(2);
  expect(answer()).not.toContain('Connection: close');
  socket.destroy();
});

test('an upload may be larger than a JSON body, and slower', async () => {
  const { socket, answer } = await open();
  const size = 200_000;
  const metadata = `filename ${btoa('a.bin')},filetype ${btoa('application/octet-stream')}`;
  const creation = { ...TUS, ...bearer(), 'Upload-Length': String(size), 'Upload-Metadata': metadata };
  socket.write(head('POST', '/v1/uploads', { ...creation, 'Content-Length': String(size) }));
  for (let sent = 0; sent < size; sent += size / 4) {
    await pause(500);
    socket.write(Buffer.alloc(size / 4));
  }
  await expect.poll(answer).toMatch(new RegExp(`^HTTP/1\\.1 201 .*upload-offset: ${size}`, 'si'));
  socket.destroy();
});
