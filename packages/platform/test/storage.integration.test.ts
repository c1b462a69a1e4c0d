import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Storage } from '../src/s3/storage.ts';
import './stack.ts';

const MIB = 1024 * 1024;
const PIECE = randomBytes(MIB);
const options = { content_type: 'video/mp4' };

let storage: Storage;
let folder: string;
const prefix = `storage-test-${randomUUID()}/`;

const storageAt = (endpoint: string): Storage => {
  const stack = inject('stack');
  return new Storage({
    endpoint,
    region: stack.S3_REGION ?? '',
    bucket: stack.S3_BUCKET ?? '',
    keys: () => ({
      accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
    }),
    forcePathStyle: true,
  });
};

beforeAll(async () => {
  storage = storageAt(inject('stack').S3_ENDPOINT ?? '');
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-storage-test-'));
});
afterAll(async () => {
  await storage?.deletePrefix(prefix);
  storage?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Returns how many files of the folder this process has open. */
const openFiles = async (): Promise<number> => {
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(folder)).length;
};

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

it('keeps the chunks of a body while later ones arrive, and those of another body', async () => {
  const bytes = [randomBytes(8 * MIB), randomBytes(8 * MIB)];
  const read = await Promise.all(
    bytes.map(async (sent, index) => {
      const key = `${prefix}kept-${index}`;
      await storage.put(key, sent, { ...options, size_bytes: sent.length });
      return Buffer.concat(await (await storage.get(key)).body.toArray());
    }),
  );
  expect(read.map((got, index) => got.equals(bytes[index] ?? got))).toEqual([true, true]);
});

it('leaves nothing of a large object that is aborted midway', async () => {
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

it.each([
  ['in one request', 3],
  ['in parts', 35],
])('closes a file that could not be put %s', async (_, count) => {
  const path = join(folder, `${count}`);
  const file = await open(path, 'w');
  await file.truncate(count * MIB);
  await file.close();
  const away = storageAt('http://127.0.0.1:9');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const put = away.put(`${prefix}closed`, createReadStream(path), { ...options, size_bytes: count * MIB });
    await expect(put).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
  away.close();
  await expect.poll(openFiles).toBe(0);
});

it.each([
  ['in one request', 3],
  ['in parts', 35],
])('says that a file to be put %s cannot be read', async (_, count) => {
  const body = createReadStream(join(folder, 'missing'));
  const put = storage.put(`${prefix}missing`, body, { ...options, size_bytes: count * MIB });
  await expect(put).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await openUploads(`${prefix}missing`)).toBe(0);
});

it('reads what an earlier bucket holds, if configuration names it', async () => {
  const stack = inject('stack');
  const earlier = stack.S3_BUCKET ?? '';
  const credentials = {
    accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
  };
  const now = new Storage({
    keys: () => credentials,
    endpoint: stack.S3_ENDPOINT ?? '',
    region: stack.S3_REGION ?? '',
    bucket: 'claimcheck-now',
    readableBuckets: [earlier],
    forcePathStyle: true,
  });
  const key = `${prefix}earlier`;
  await storage.put(key, PIECE, { ...options, size_bytes: PIECE.length });
  expect(await now.in(earlier)?.head(key)).toMatchObject({ size_bytes: PIECE.length });
  expect(now.in('claimcheck-now')).toBe(now);
  expect(now.in('claimcheck-other')).toBeUndefined();
  now.close();
});
