import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { isComplete, isPart } from '../harness/s3-fault-proxy.ts';
import { until } from '../harness/until.ts';
import { type Contestant, startOurs, startStock } from './contestant.ts';

// What the stock store does with a storage or a network that is not perfect, one test each. The same test
// runs against it and against ours: there it has to fail, so that the test is known to see the defect.

const MIB = 1_024 ** 2;
const METADATA = `filename ${Buffer.from('a.bin').toString('base64')},filetype ${Buffer.from('application/octet-stream').toString('base64')}`;
const OCTETS = { 'content-type': 'application/offset+octet-stream' };

let bucket: Bucket;
beforeAll(() => {
  bucket = new Bucket(inject('stack'));
});
afterAll(() => bucket?.close());

const contestants = [
  ['ours', startOurs, test],
  ['the stock store', startStock, test.fails],
] as const;

describe.each(contestants)('%s', (_, start, check) => {
  let server: Contestant;
  beforeAll(async () => {
    server = await start(inject('stack'));
  });
  afterEach(() => server.s3.heal());
  afterAll(() => server?.stop());

  const call = async (
    method: string,
    url: string,
    headers: Record<string, string>,
    body?: Buffer,
    withinMs = 30_000,
  ) => {
    const response = await fetch(url, {
      method,
      headers: { 'tus-resumable': '1.0.0', ...server.headers, ...headers },
      signal: AbortSignal.timeout(withinMs),
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    await response.arrayBuffer();
    return {
      status: response.status,
      offset: Number(response.headers.get('upload-offset')),
      location: response.headers.get('location') ?? '',
    };
  };
  const create = async (length: number | 'deferred') => {
    const known: Record<string, string> =
      length === 'deferred' ? { 'upload-defer-length': '1' } : { 'upload-length': String(length) };
    return (await call('POST', server.endpoint, { ...known, 'upload-metadata': METADATA })).location;
  };
  const patch = (url: string, offset: number, bytes: Buffer, withinMs?: number) =>
    call('PATCH', url, { ...OCTETS, 'upload-offset': String(offset) }, bytes, withinMs);
  const head = (url: string, withinMs?: number) => call('HEAD', url, {}, undefined, withinMs);
  const stored = async (url: string) => bucket.read(server.keyOf(url));
  /** A PATCH that announces `length` bytes, sends one, and is silent. */
  const hang = (url: string, length: number) => {
    const request = http.request(url, {
      method: 'PATCH',
      agent: false,
      headers: {
        ...server.headers,
        ...OCTETS,
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        'content-length': String(length),
      },
    });
    request.on('error', () => {}).on('response', (response) => response.resume());
    request.write(Buffer.alloc(1));
    return request;
  };

  check('1: a part that failed leaves no hole behind parts that did not', async () => {
    const bytes = randomBytes(24 * MIB);
    const url = await create(bytes.length);
    server.s3.fail((request) => isPart(request, 2));
    await patch(url, 0, bytes).catch(() => undefined);
    server.s3.heal();
    const { offset } = await head(url);
    await patch(url, offset, bytes.subarray(offset));
    expect((await stored(url))?.equals(bytes)).toBe(true);
  });

  check('2: a part is retried', async () => {
    const bytes = randomBytes(9 * MIB);
    const url = await create(bytes.length);
    let failed = false;
    server.s3.fail((request) => {
      const fails = !failed && isPart(request);
      failed ||= fails;
      return fails;
    });
    expect(await patch(url, 0, bytes)).toMatchObject({ status: 204, offset: bytes.length });
    expect(failed, 'the storage did fail').toBe(true);
  });

  check('3: a multipart upload that vanished is not called complete', async () => {
    const url = await create(20 * MIB);
    await patch(url, 0, randomBytes(9 * MIB));
    for (const open of await bucket.openUploadsOfKey(server.keyOf(url))) await bucket.abort(open);
    const asked = await head(url);
    expect(asked.status === 200 && asked.offset === 20 * MIB).toBe(false);
  });

  check('4: sixty silent clients do not stop the sixty-first', async () => {
    const urls = await Promise.all(Array.from({ length: 60 }, () => create(9 * MIB)));
    const hanging = urls.map((url) => hang(url, 9 * MIB));
    try {
      // Each has been heard: its bytes are waited for.
      await Promise.all(
        hanging.map((request) =>
          until(() => (request.writableLength === 0 ? true : undefined), {
            withinMs: 5_000,
            what: 'a byte to leave',
          }),
        ),
      );
      const bytes = randomBytes(9 * MIB);
      expect(await patch(await create(bytes.length), 0, bytes, 8_000)).toMatchObject({ status: 204 });
    } finally {
      for (const request of hanging) request.destroy();
    }
  });

  check('5: an acknowledged offset does not go back', async () => {
    const url = await create(20 * MIB);
    expect((await patch(url, 0, randomBytes(MIB))).offset).toBe(MIB);
    server.s3.fail((request) => request.method === 'PUT');
    await patch(url, MIB, randomBytes(8 * MIB)).catch(() => undefined);
    server.s3.heal();
    expect((await head(url)).offset).toBeGreaterThanOrEqual(MIB);
  });

  check('7: an upload is not called complete while its object is not there', async () => {
    const bytes = randomBytes(9 * MIB);
    const url = await create(bytes.length);
    server.s3.fail(isComplete);
    await patch(url, 0, bytes).catch(() => undefined);
    const asked = await head(url);
    const object = await stored(url);
    expect(asked.status === 200 && asked.offset === bytes.length && object === undefined).toBe(false);
  });

  check('8: the deletion of a finished upload deletes it', async () => {
    const url = await create(100);
    await patch(url, 0, randomBytes(100));
    expect((await call('DELETE', url, {})).status).toBe(204);
    expect(await stored(url)).toBeUndefined();
  });

  check('8: the deletion of an unfinished upload deletes its tail', async () => {
    const url = await create(20 * MIB);
    await patch(url, 0, randomBytes(MIB));
    await call('DELETE', url, {});
    expect(await bucket.keys(server.keyOf(url).split('/')[0] ?? '')).toEqual([]);
  });

  check('9: parts of an upload of unknown length have the usual size', async () => {
    const url = await create('deferred');
    server.s3.requests.length = 0;
    await patch(url, 0, randomBytes(17 * MIB));
    expect(server.s3.requests.filter((request) => isPart(request))).toHaveLength(2);
  });

  check.for([
    [1, 1],
    [64, 10],
  ] as const)('10: %i MiB cost %i requests to the storage', async ([mib, requests]) => {
    server.s3.requests.length = 0;
    await patch(await create(mib * MIB), 0, randomBytes(mib * MIB));
    expect(server.s3.requests).toHaveLength(requests);
  });

  check('12: who reconnects while an old connection hangs is answered soon', async () => {
    const url = await create(9 * MIB);
    const hanging = hang(url, 9 * MIB);
    try {
      await until(() => (hanging.writableLength === 0 ? true : undefined), {
        withinMs: 5_000,
        what: 'a byte to leave',
      });
      expect((await head(url, 2_000)).status).toBe(200);
    } finally {
      hanging.destroy();
    }
  });
});
