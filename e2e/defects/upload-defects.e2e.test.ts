import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { isComplete, isPart } from '../harness/s3-fault-proxy.ts';
import { type Contestant, startOurs, startStock } from './contestant.ts';
import { DefectClient, MIB } from './defect-client.ts';

// How the stock store handles a faulty storage or network, one test for each defect. The same test runs against
// it and against ours: it must fail there, which proves that the test detects the defect.

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
  let client: DefectClient;
  beforeAll(async () => {
    server = await start(inject('stack'));
    client = new DefectClient(server, bucket);
  });
  afterEach(() => server.s3.heal());
  afterAll(() => server?.stop());

  check('1: a part that failed leaves no hole behind parts that did not', async () => {
    const bytes = randomBytes(24 * MIB);
    const url = await client.create(bytes.length);
    server.s3.fail((request) => isPart(request, 2));
    await client.patch(url, 0, bytes).catch(() => undefined);
    server.s3.heal();
    const { offset } = await client.head(url);
    await client.patch(url, offset, bytes.subarray(offset));
    expect((await client.stored(url))?.equals(bytes)).toBe(true);
  });

  check('2: a part is retried', async () => {
    const bytes = randomBytes(9 * MIB);
    const url = await client.create(bytes.length);
    let failed = false;
    server.s3.fail((request) => {
      const fails = !failed && isPart(request);
      failed ||= fails;
      return fails;
    });
    expect(await client.patch(url, 0, bytes)).toMatchObject({ status: 204, offset: bytes.length });
    expect(failed, 'the storage did fail').toBe(true);
  });

  check('3: a multipart upload that vanished is not called complete', async () => {
    const url = await client.create(20 * MIB);
    await client.patch(url, 0, randomBytes(9 * MIB));
    for (const open of await bucket.openUploadsOfKey(server.keyOf(url))) await bucket.abort(open);
    const asked = await client.head(url);
    expect(asked.status === 200 && asked.offset === 20 * MIB).toBe(false);
  });

  check('4: sixty silent clients do not stop the sixty-first', async () => {
    const urls = await Promise.all(Array.from({ length: 60 }, () => client.create(9 * MIB)));
    // The server has received each of them: it waits for their bytes.
    const hanging = await Promise.all(urls.map((url) => client.hang(url, 9 * MIB)));
    try {
      const bytes = randomBytes(9 * MIB);
      expect(await client.patch(await client.create(bytes.length), 0, bytes, 8_000)).toMatchObject({
        status: 204,
      });
    } finally {
      for (const request of hanging) request.destroy();
    }
  });

  check('5: an acknowledged offset does not go back', async () => {
    const url = await client.create(20 * MIB);
    expect((await client.patch(url, 0, randomBytes(MIB))).offset).toBe(MIB);
    server.s3.fail((request) => request.method === 'PUT');
    await client.patch(url, MIB, randomBytes(8 * MIB)).catch(() => undefined);
    server.s3.heal();
    expect((await client.head(url)).offset).toBeGreaterThanOrEqual(MIB);
  });

  check('7: an upload is not called complete while its object is not there', async () => {
    const bytes = randomBytes(9 * MIB);
    const url = await client.create(bytes.length);
    server.s3.fail(isComplete);
    await client.patch(url, 0, bytes).catch(() => undefined);
    const asked = await client.head(url);
    const object = await client.stored(url);
    expect(asked.status === 200 && asked.offset === bytes.length && object === undefined).toBe(false);
  });

  check('8: deleting a finished upload deletes its object', async () => {
    const url = await client.create(100);
    await client.patch(url, 0, randomBytes(100));
    // Without it there is nothing to delete, and nothing to detect.
    expect(await client.stored(url)).toBeDefined();
    expect((await client.call('DELETE', url, {})).status).toBe(204);
    expect(await client.stored(url)).toBeUndefined();
  });

  check('8: deleting an unfinished upload deletes its tail', async () => {
    const url = await client.create(20 * MIB);
    await client.patch(url, 0, randomBytes(MIB));
    const keys = () => bucket.keys(server.keyOf(url).split('/')[0] ?? '');
    expect(await keys()).not.toEqual([]);
    await client.call('DELETE', url, {});
    expect(await keys()).toEqual([]);
  });

  check('9: parts of an upload of unknown length have the usual size', async () => {
    const url = await client.create('deferred');
    server.s3.requests.length = 0;
    await client.patch(url, 0, randomBytes(17 * MIB));
    expect(server.s3.requests.filter((request) => isPart(request))).toHaveLength(2);
  });

  check.for([
    [1, 1],
    [64, 10],
  ] as const)('10: %i MiB cost %i requests to the storage', async ([mib, requests]) => {
    server.s3.requests.length = 0;
    await client.patch(await client.create(mib * MIB), 0, randomBytes(mib * MIB));
    expect(server.s3.requests).toHaveLength(requests);
  });

  check('12: a client that reconnects while an old connection hangs is answered soon', async () => {
    const url = await client.create(9 * MIB);
    const hanging = await client.hang(url, 9 * MIB);
    try {
      expect((await client.head(url, 2_000)).status).toBe(200);
    } finally {
      hanging.destroy();
    }
  });
});
