import http from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ObjectWriter } from './part-sender.ts';

const received: http.IncomingHttpHeaders[] = [];
const server = http.createServer((request, response) => {
  received.push(request.headers);
  request.resume().on('end', () => response.setHeader('etag', '"e"').end());
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

const writerTo = (store: Server, checksums = false): ObjectWriter =>
  new ObjectWriter(
    {
      endpoint: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
      region: 'us-east-1',
      bucket: 'bucket',
      forcePathStyle: true,
      needsChecksums: async () => checksums,
    },
    new S3Client({ region: 'us-east-1', credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } })
      .config,
  );

/** @returns the headers that the store receives for `123456789`, in two pieces */
const write = async (checksums: boolean): Promise<http.IncomingHttpHeaders> => {
  const writer = writerTo(server, checksums);
  const chunks = [Buffer.from('12345'), Buffer.from('6789')];
  const signal = AbortSignal.timeout(5_000);
  expect(await writer.write({ key: 'a/source', chunks, size_bytes: 9, signal })).toBe('"e"');
  writer.close();
  return received.at(-1) ?? {};
};

test('a write includes its CRC32, signed, if the store needs it', async () => {
  const headers = await write(true);
  // The check value of CRC-32/ISO-HDLC, 0xcbf43926: https://reveng.sourceforge.io/crc-catalogue/17plus.htm
  expect(headers['x-amz-checksum-crc32']).toBe(Buffer.from('cbf43926', 'hex').toString('base64'));
  expect(headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-checksum-crc32/);
});

test('a write to any other store computes no checksum', async () => {
  expect(await write(false)).not.toHaveProperty('x-amz-checksum-crc32');
});

test('a store that answers before it has every byte gets no more', async () => {
  const closed = Promise.withResolvers<void>();
  const impatient = http.createServer((request, response) => {
    request.socket.once('close', () => closed.resolve());
    response.writeHead(503, { connection: 'keep-alive' }).end();
  });
  await new Promise<void>((resolve) => impatient.listen(0, '127.0.0.1', resolve));
  const writer = writerTo(impatient);
  // More than the sockets hold: the store reads none of it.
  const chunks = Array.from({ length: 512 }, () => Buffer.alloc(65_536));
  const size_bytes = 512 * 65_536;
  const signal = AbortSignal.timeout(30_000);
  await expect(writer.write({ key: 'a/source', chunks, size_bytes, signal })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 503 },
  });
  await closed.promise;
  writer.close();
  impatient.close();
});
