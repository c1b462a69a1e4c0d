import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBucket } from '@claimcheck/local-stack/s3-bucket';
import { S3Store } from '@tus/s3-store';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { isComplete } from '../harness/s3-fault-proxy.ts';
import { until } from '../harness/until.ts';
import { type Contestant, startOurs, startStock } from './contestant.ts';
import { DefectClient, MIB } from './defect-client.ts';

// Defects of the stock store that appear with several processes, over time, or after a crash. As in
// upload-defects, the same test must fail there and pass with ours.

type Stack = Record<string, string>;

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const SHORT_REQUEST_TIMEOUT = {
  NODE_OPTIONS: `--import ${new URL('./short-request-timeout.ts', import.meta.url).href}`,
};

/** The stock store's own expiry, applied to everything past its time; ours does it by itself. */
const expireStock = async (stack: Stack): Promise<void> => {
  const store = new S3Store({
    expirationPeriodInMilliseconds: 1,
    s3ClientConfig: {
      bucket: stack.S3_BUCKET ?? '',
      endpoint: stack.S3_ENDPOINT ?? '',
      region: stack.S3_REGION ?? '',
      forcePathStyle: true,
      credentials: {
        accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
        secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
      },
    },
  });
  await store.deleteExpired();
};

/** A bucket without uploads of other tests. */
const ownBucket = async (): Promise<Stack> => {
  const stack: Stack = { ...inject('stack'), S3_BUCKET: `defects-${randomBytes(5).toString('hex')}` };
  await ensureBucket({
    endpoint: stack.S3_ENDPOINT ?? '',
    region: stack.S3_REGION ?? '',
    bucket: stack.S3_BUCKET ?? '',
    accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
  });
  return stack;
};

const contestants = [
  { name: 'ours', start: startOurs, check: test, expire: async () => {} },
  { name: 'the stock store', start: startStock, check: test.fails, expire: expireStock },
];

describe.each(contestants)('$name', ({ start, check, expire }) => {
  const begin = async (stack: Stack, env?: Record<string, string>) => {
    const bucket = new Bucket(stack);
    ends.push(() => bucket.close());
    const server: Contestant = await start(stack, env);
    ends.push(() => server.stop());
    return { bucket, server, client: new DefectClient(server, bucket) };
  };

  check('6: an old connection to another process takes back no acknowledged bytes', async () => {
    const { server, client, bucket } = await begin(inject('stack'));
    const endpoint = await server.addReplica();
    const other = new DefectClient({ ...server, endpoint }, bucket);
    const bytes = randomBytes(20 * MIB);
    const url = await client.create(bytes.length);
    const otherUrl = url.replace(server.endpoint, endpoint);
    // A part and a remainder of it are stored when the phone's connection hangs.
    const hanging = await client.hang(url, bytes.length, bytes.subarray(0, 9 * MIB));
    const { offset } = await until(
      async () => {
        const asked = await other.head(otherUrl);
        return asked.offset >= 8 * MIB ? asked : undefined;
      },
      { withinMs: 20_000, what: 'a part to count' },
    );
    const acknowledged = await other.patch(otherUrl, offset, bytes.subarray(offset, 12 * MIB));
    expect(acknowledged).toMatchObject({ status: 204, offset: 12 * MIB });
    // The old process learns of the broken connection, and stores the bytes that it has.
    const requestsBefore = server.s3.requests.length;
    hanging.destroy();
    for (let look = 0; look < 15; look += 1) {
      expect((await other.head(otherUrl)).offset).toBe(12 * MIB);
      // Wait for that; ours had already released the upload, and sends the storage nothing.
      await pause(server.s3.requests.length > requestsBefore ? 20 : 100);
    }
    expect(await other.patch(otherUrl, 12 * MIB, bytes.subarray(12 * MIB))).toMatchObject({ status: 204 });
    expect((await client.stored(url))?.equals(bytes)).toBe(true);
  });

  check("11: the end of one upload is not the end of another client's", async () => {
    const stack = await ownBucket();
    const { client, bucket, server } = await begin(stack, { UPLOAD_TTL: '2s' });
    const foreign = await bucket.beginMultipart('a-backup.tar');
    const url = await client.create(20 * MIB);
    await client.patch(url, 0, randomBytes(9 * MIB));
    await expire(stack);
    await until(
      async () => ((await bucket.openUploadsOfKey(server.keyOf(url))).length === 0 ? true : undefined),
      { withinMs: 20_000, what: 'the upload to be ended' },
    );
    expect(await bucket.openUploadsOfKey(foreign.key)).toEqual([foreign]);
  });

  check('13: a slow but steady request is not cut off', async () => {
    const { client } = await begin(inject('stack'), SHORT_REQUEST_TIMEOUT);
    const bytes = randomBytes(30 * 1_024);
    const url = await client.create(bytes.length);
    const request = client.openPatch(url, bytes.length);
    const answer = new Promise<number>((resolve) => {
      request.on('response', ({ statusCode = 0 }) => resolve(statusCode)).on('error', () => resolve(0));
    });
    // Slowness itself is under test: four times as long as the limit.
    for (let sent = 0; sent < bytes.length && !request.destroyed; sent += 1_024) {
      request.write(bytes.subarray(sent, sent + 1_024));
      await pause(250);
    }
    request.end();
    expect(await answer).toBe(204);
    expect((await client.stored(url))?.equals(bytes)).toBe(true);
  });

  check('14: the end of an upload is reported even if the process dies at that moment', async () => {
    const { server, client } = await begin(inject('stack'));
    const bytes = randomBytes(9 * MIB);
    const url = await client.create(bytes.length);
    server.s3.onAnswered(async (request) => {
      if (!isComplete(request)) return;
      server.service.kill('SIGKILL');
      await server.service.exited;
    });
    await client.patch(url, 0, bytes).catch(() => undefined);
    server.s3.heal();
    await server.service.restart();
    // As a client does that received no answer.
    const asked = await until(
      async () => {
        const answer = await client.head(url).catch(() => undefined);
        return answer?.status === 200 ? answer : undefined;
      },
      { withinMs: 20_000, what: 'an answer' },
    );
    expect(asked.offset).toBe(bytes.length);
    await until(async () => ((await server.isReported(url)) ? true : undefined), {
      withinMs: 5_000,
      what: 'the upload to be reported as finished',
    });
  });
});
