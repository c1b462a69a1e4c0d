import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { mediaSessionAnswerSchema } from '@claimcheck/contracts/openapi/answer-schemas';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { addMember } from '../src/media/messages/conversations.ts';
import { callApi } from './harness/call-api.ts';
import { bytesOf, filmWithHls, readyMedia } from './harness/ready-media.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

const get = (api: TestApi, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  callApi(api, method, path, { token: api.tokenFor('ann'), headers });

describe('proxied', () => {
  let api: TestApi;
  let path: string;
  let bytes: Buffer;
  let etag: string;
  beforeAll(async () => {
    api = await startTestApi(inject('stack'), { DOWNLOAD_MODE: 'proxy' });
    const id = await readyMedia(api);
    path = `/v1/media/${id}/medium`;
    bytes = bytesOf(`${id}/e1/medium.webp`);
    const whole = await get(api, path);
    etag = whole.headers.get('etag') ?? '';
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(bytes);
  });
  afterAll(() => api?.close());

  test.each([
    ['bytes=10-19', 10, 20],
    ['bytes=10-', 10, undefined],
    ['bytes=-5', -5, undefined],
  ])('Range: %s', async (range, from, to) => {
    const part = await get(api, path, { range });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toMatch(new RegExp(`/${bytes.length}$`));
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(from, to));
  });

  test('a range after the end gets 416; several ranges, or an unknown unit, get the whole', async () => {
    expect((await get(api, path, { range: `bytes=${bytes.length}-` })).status).toBe(416);
    for (const range of ['bytes=0-1,4-5', 'lines=1-2', 'bytes=b-a']) {
      const whole = await get(api, path, { range });
      expect(whole.status).toBe(200);
      expect((await whole.arrayBuffer()).byteLength).toBe(bytes.length);
    }
  });

  test('If-Range gets a part of the same version, and the whole of another', async () => {
    const same = await get(api, path, { range: 'bytes=0-3', 'if-range': etag });
    expect(same.status).toBe(206);
    await same.arrayBuffer();
    for (const ifRange of ['"0123456789abcdef0123456789abcdef"', 'Sat, 01 Jan 2000 00:00:00 GMT']) {
      const whole = await get(api, path, { range: 'bytes=0-3', 'if-range': ifRange });
      expect(whole.status).toBe(200);
      expect((await whole.arrayBuffer()).byteLength).toBe(bytes.length);
    }
  });

  test('bytes that the client has are not sent again, and are revalidated each time', async () => {
    const same = await get(api, path, { 'if-none-match': etag });
    expect(same.status).toBe(304);
    expect(await same.text()).toBe('');
    expect(same.headers.get('cache-control')).toBe('private, no-cache');
    const other = await get(api, path, { 'if-none-match': '"other"' });
    expect(other.status).toBe(200);
    const modified = other.headers.get('last-modified') ?? '';
    await other.arrayBuffer();
    expect((await get(api, path, { 'if-modified-since': modified })).status).toBe(304);
  });

  test('HEAD returns the headers of GET', async () => {
    const head = await get(api, path, {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String(bytes.length));
    expect(head.headers.get('content-type')).toBe('image/webp');
    expect(head.headers.get('etag')).toBe(etag);
    expect(await head.text()).toBe('');
  });

  test('a deleted media object is gone at once, even for a client with a copy', async () => {
    const id = await readyMedia(api);
    const first = await get(api, `/v1/media/${id}/medium`);
    await first.arrayBuffer();
    const { database, settings } = api.context;
    await database.transaction((tx) => deleteMedia(tx, settings, id, 'ann'));
    const again = await get(api, `/v1/media/${id}/medium`, {
      'if-none-match': first.headers.get('etag') ?? '',
    });
    expect(again.status).toBe(410);
  });
});

describe('redirected', () => {
  let api: TestApi;
  let id: string;
  beforeAll(async () => {
    api = await startTestApi(inject('stack'), { SIGNED_URL_MIN: '20s', SIGNED_URL_STEP: '1h' });
    id = await readyMedia(api);
  });
  afterAll(() => api?.close());

  test('within a step of the clock the URL is the same, and lives longer than it must', async () => {
    const urls = await Promise.all([1, 2].map(() => get(api, `/v1/media/${id}/medium?v=1`)));
    const [first, second] = urls.map((response) => response.headers.get('location'));
    expect(first).toBe(second);
    const signed = new URL(first ?? '');
    expect(signed.searchParams.get('X-Amz-Expires')).toBe(String(20 + 3_600));
    const object = await fetch(signed);
    expect(object.headers.get('cache-control')).toBe('private, max-age=3600');
    expect(object.headers.get('content-type')).toBe('image/webp');
    expect(Buffer.from(await object.arrayBuffer())).toEqual(bytesOf(`${id}/e1/medium.webp`));
  });

  test('a cache keeps a redirect for as long as it is the same, if the URL names the version', async () => {
    const versioned = await get(api, `/v1/media/${id}/medium?v=1`);
    const [, seconds] = /^private, max-age=(\d+)$/.exec(versioned.headers.get('cache-control') ?? '') ?? [];
    const left = 3_600 - (Math.floor(Date.now() / 1_000) % 3_600);
    expect(Math.abs(Number(seconds) - left)).toBeLessThanOrEqual(2);
    for (const path of [`/v1/media/${id}/medium`, `/v1/media/${id}/medium?v=7`])
      expect((await get(api, path)).headers.get('cache-control')).toBe('private, no-cache');
  });

  test('the api itself answers HEAD, because a URL is signed for GET', async () => {
    const head = await get(api, `/v1/media/${id}/medium`, {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String(bytesOf(`${id}/e1/medium.webp`).length));
  });
});

test('a viewer that takes nothing is disconnected', async () => {
  const api = await startTestApi(inject('stack'), { DOWNLOAD_MODE: 'proxy', DOWNLOAD_IDLE_TIMEOUT: '1s' });
  const { hostname, port } = new URL(api.url);
  const viewer = connect(Number(port), hostname);
  try {
    const id = await readyMedia(api);
    const key = `${id}/e1/medium.webp`;
    // More than all buffers on the path hold.
    const bytes = Buffer.alloc(48 * 1_024 * 1_024);
    await api.context.storage.put(key, bytes, { size_bytes: bytes.length, content_type: 'image/webp' });
    viewer.write(`GET /v1/media/${id}/medium HTTP/1.1\r\nHost: media\r\n`);
    viewer.write(`Authorization: Bearer ${api.tokenFor('ann')}\r\n\r\n`);
    const { registry } = api.context.metrics;
    const served = async () =>
      (await registry.getSingleMetric('claimcheck_downloads_total')?.get())?.values.find(
        ({ labels }) => labels.quality === 'medium' && labels.outcome === 'ok',
      )?.value;
    await vi.waitFor(async () => expect(await served()).toBe(1), { timeout: 20_000, interval: 100 });
    let received = 0;
    viewer.on('data', (chunk) => {
      received += chunk.length;
    });
    await new Promise((resolve) => viewer.once('error', resolve).once('close', resolve));
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(bytes.length);
  } finally {
    viewer.destroy();
    await api.close();
  }
});

/**
 * Downloads with pauses, in which everything on the way fills up, and with one buffer for all reads: what the process takes
 * meanwhile is the api's.
 *
 * @param onRead called after each read
 */
const hashWithPauses = async (api: TestApi, path: string, onRead: () => void): Promise<string> => {
  const { hostname: host, port } = new URL(api.url);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(64 * 1_024);
  let reads = 0;
  const callback = (length: number): boolean => {
    // The first read starts with the headers.
    hash.update(buffer.subarray(reads === 0 ? buffer.indexOf('\r\n\r\n') + 4 : 0, length));
    onRead();
    reads += 1;
    if (reads % 100 > 0) return true;
    setTimeout(() => viewer.resume(), 20);
    return false;
  };
  const viewer = connect({ port: Number(port), host, onread: { buffer, callback } });
  viewer.write(`GET ${path} HTTP/1.1\r\nHost: media\r\nConnection: close\r\n`);
  viewer.write(`Authorization: Bearer ${api.tokenFor('ann')}\r\n\r\n`);
  await new Promise((resolve, reject) => viewer.once('close', resolve).once('error', reject));
  return hash.digest('hex');
};

test('a large download arrives whole, and its bytes leave the memory as they are sent', async () => {
  const api = await startTestApi(inject('stack'), { DOWNLOAD_MODE: 'proxy' });
  try {
    const id = await readyMedia(api);
    const bytes = randomBytes(96 * 1_024 * 1_024);
    await api.context.storage.put(`${id}/e1/medium.webp`, bytes, {
      size_bytes: bytes.length,
      content_type: 'image/webp',
    });
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const hash = await hashWithPauses(api, `/v1/media/${id}/medium`, () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    });
    expect(hash).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(most).toBeLessThan(8 * 1_024 * 1_024);
  } finally {
    await api.close();
  }
});

/** Opens a viewer that reads nothing; the connection stays open until the caller destroys it. */
const silentViewer = (api: TestApi, path: string, user: string) => {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const status = new Promise<number>((resolve) => {
    socket.once('data', (chunk) => {
      socket.pause();
      resolve(Number(/^HTTP\/1.1 (\d+)/.exec(chunk.toString('latin1'))?.[1]));
    });
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: media\r\nAuthorization: Bearer ${api.tokenFor(user)}\r\n\r\n`);
  return { socket, status };
};

test('viewers of one user that read nothing leave slots for others', async () => {
  const limits = { MAX_DOWNLOADS_PER_USER: '3', MAX_DOWNLOADS: '4' };
  const api = await startTestApi(inject('stack'), { DOWNLOAD_MODE: 'proxy', ...limits });
  const viewers: ReturnType<typeof silentViewer>[] = [];
  try {
    const id = await readyMedia(api);
    await api.db.shared(id, 'room');
    for (const member of ['ben', 'cleo'])
      await api.context.database.transaction((tx) => addMember(tx, 'room', member));
    const key = `${id}/e1/medium.webp`;
    const bytes = Buffer.alloc(24 * 1_024 * 1_024);
    await api.context.storage.put(key, bytes, { size_bytes: bytes.length, content_type: 'image/webp' });
    const path = `/v1/media/${id}/medium`;
    for (let count = 0; count < 3; count += 1) viewers.push(silentViewer(api, path, 'ann'));
    for (const { status } of viewers) expect(await status).toBe(200);

    const refused = await get(api, path);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    const ben = silentViewer(api, path, 'ben');
    viewers.push(ben);
    expect(await ben.status).toBe(200);
    const full = await callApi(api, 'GET', path, { token: api.tokenFor('cleo') });
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '2']);

    ben.socket.destroy();
    await vi.waitFor(() => expect(api.context.streamSlots.taken).toBe(3), { timeout: 10_000 });
    const served = await callApi(api, 'GET', path, { token: api.tokenFor('cleo') });
    expect(served.status).toBe(200);
    await served.arrayBuffer();
  } finally {
    for (const { socket } of viewers) socket.destroy();
    await api.close();
  }
});

test('a playlist is streamed within a slot of its viewer, whatever its size', async () => {
  const api = await startTestApi(inject('stack'));
  const viewers: ReturnType<typeof silentViewer>[] = [];
  try {
    const id = await filmWithHls(api);
    const line = 'v0-0.m4s\n';
    const bytes = Buffer.alloc(24 * 1_024 * 1_024, line);
    const key = `${id}/e1/hls/main.m3u8`;
    const put = (playlist: Buffer) =>
      api.context.storage.put(key, playlist, {
        size_bytes: playlist.length,
        content_type: 'application/vnd.apple.mpegurl',
      });
    await put(bytes);
    await api.db.shared(id, 'cinema');
    const { text } = await api.post('ann', '/v1/media/session', { conversation_id: 'cinema' });
    const { token } = mediaSessionAnswerSchema.parse(JSON.parse(text));
    const path = `/v1/media/${id}/hls/1/main.m3u8?t=${token}`;
    viewers.push(silentViewer(api, path, 'ann'));
    expect(await viewers[0]?.status).toBe(200);
    expect(api.context.streamSlots.taken).toBe(1);
    viewers[0]?.socket.destroy();
    await vi.waitFor(() => expect(api.context.streamSlots.taken).toBe(0), { timeout: 10_000 });

    await put(Buffer.from(`#EXTM3U\n${line}`));
    const playlist = await callApi(api, 'GET', path);
    expect(playlist.headers.get('content-type')).toContain('mpegurl');
    expect(await playlist.text()).toBe(`#EXTM3U\nv0-0.m4s?t=${token}\n`);
  } finally {
    for (const { socket } of viewers) socket.destroy();
    await api.close();
  }
});
