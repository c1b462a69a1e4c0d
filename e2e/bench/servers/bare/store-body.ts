import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BareStorage, OpenPut } from './bare-storage.ts';

const PART_BYTES = 8 * 1_024 * 1_024;

const write = async (put: OpenPut, chunk: Buffer): Promise<void> => {
  if (!put.body.write(chunk)) await once(put.body, 'drain');
};

/** Each part streams while S3 still handles the previous ones. @returns their ETags */
const sendParts = async (body: Readable, sizeBytes: number, openPart: (number: number) => OpenPut) => {
  const etags: Promise<string>[] = [];
  let offset = 0;
  let part = openPart(1);
  try {
    for await (let chunk of body as AsyncIterable<Buffer>) {
      while (chunk.length > 0) {
        const room = Math.min(chunk.length, PART_BYTES - (offset % PART_BYTES));
        await write(part, chunk.subarray(0, room));
        offset += room;
        chunk = chunk.subarray(room);
        if (offset % PART_BYTES !== 0 && offset !== sizeBytes) continue;
        part.body.end();
        etags.push(part.etag);
        if (offset < sizeBytes) part = openPart(etags.length + 1);
      }
    }
    return await Promise.all(etags);
  } catch (error) {
    part.body.destroy();
    throw error;
  }
};

const storeParts = async (storage: BareStorage, key: string, body: Readable, sizeBytes: number) => {
  const uploadId = await storage.createMultipart(key);
  const etags = await sendParts(body, sizeBytes, (number) => {
    const length = Math.min(PART_BYTES, sizeBytes - (number - 1) * PART_BYTES);
    return storage.put(key, length, `partNumber=${number}&uploadId=${encodeURIComponent(uploadId)}`);
  });
  await storage.completeMultipart(key, uploadId, etags);
};

/** Streams a body of known size into one PutObject, or above a part's size into a multipart upload. */
export const storeBody = async (
  storage: BareStorage,
  key: string,
  body: Readable,
  sizeBytes: number,
): Promise<void> => {
  if (sizeBytes > PART_BYTES) return storeParts(storage, key, body, sizeBytes);
  const put = storage.put(key, sizeBytes);
  await pipeline(body, put.body);
  await put.etag;
};
