import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Storage } from '../src/storage.ts';
import './stack.ts';

const MIB = 1024 * 1024;
const PIECE = randomBytes(MIB);
const options = { content_type: 'video/mp4' };

let storage: Storage;
const prefix = `storage-test-${randomUUID()}/`;

beforeAll(() => {
  const stack = inject('stack');
  storage = new Storage({
    endpoint: stack.S3_ENDPOINT ?? '',
    region: stack.S3_REGION ?? '',
    bucket: stack.S3_BUCKET ?? '',
    accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
    forcePathStyle: true,
  });
});
afterAll(async () => {
  await storage?.deletePrefix(prefix);
  storage?.close();
});

const pieces = (count: number): Readable => Readable.from(Array.from({ length: count }, () => PIECE));

const openUploads = async (key: string): Promise<number> => {
  const { Uploads } = await storage.client.send(
    new ListMultipartUploadsCommand({ Bucket: storage.bucket, Prefix: key }),
  );
  return Uploads?.length ?? 0;
};

it.each([
  ['in one request', 3],
  ['in parts, the last one smaller', 35],
])('puts an object %s', async (_, count) => {
  const key = `${prefix}${count}`;
  await storage.put(key, pieces(count), { ...options, size_bytes: count * MIB });
  const { body, size_bytes } = await storage.get(key);
  expect(size_bytes).toBe(count * MIB);
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  const wanted = createHash('sha256');
  for (let piece = 0; piece < count; piece += 1) wanted.update(PIECE);
  expect(hash.digest('hex')).toBe(wanted.digest('hex'));
  expect(await openUploads(key)).toBe(0);
});

it('leaves nothing of a large object that is aborted on the way', async () => {
  const key = `${prefix}aborted`;
  const stopping = new AbortController();
  const body = Readable.from(
    (async function* () {
      for (let piece = 0; piece < 64; piece += 1) {
        if (piece === 40) stopping.abort(new Error('stop'));
        yield PIECE;
      }
    })(),
  );
  const put = storage.put(key, body, { ...options, size_bytes: 64 * MIB, signal: stopping.signal });
  await expect(put).rejects.toThrow();
  expect(await storage.head(key)).toBeUndefined();
  await expect.poll(() => openUploads(key), { timeout: 10_000 }).toBe(0);
});

it('ends what a process left open that was killed while it put the same object', async () => {
  const key = `${prefix}again`;
  await storage.client.send(new CreateMultipartUploadCommand({ Bucket: storage.bucket, Key: key }));
  expect(await openUploads(key)).toBe(1);
  await storage.put(key, pieces(35), { ...options, size_bytes: 35 * MIB });
  expect(await openUploads(key)).toBe(0);
});
