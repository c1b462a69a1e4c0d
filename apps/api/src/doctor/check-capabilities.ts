import { PutObjectCommand, S3ServiceException, UploadPartCommand } from '@aws-sdk/client-s3';
import { MIB } from '@claimcheck/contracts/limits';
import { encryptionFields } from '@claimcheck/platform/s3/object-encryption';
import { isConflict, isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { attempt, describeError } from './attempt.ts';
import { type Check, failed, passed, warned } from './check.ts';

/** Bytes: S3's smallest part that is not the last, and a last one, which may be smaller. */
const PART_SIZES = [5 * MIB, 7] as const;
const SMALL = Buffer.from('claimcheck');
const OCTETS = 'application/octet-stream';
const REPLACE = 'use a store, or a release of it, that has this (docs/stores.md)';

const put = (storage: Storage, key: string): Promise<void> =>
  storage.put(key, SMALL, { size_bytes: SMALL.length, content_type: OCTETS });

const describeRefusal = (error: unknown): string => {
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  return status === undefined ? describeError(error) : `${describeError(error)} (${status})`;
};

/** @returns false when the store answers as it must where an object exists already */
const isReplaced = async (write: () => Promise<unknown>): Promise<boolean> => {
  try {
    await write();
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
};

const checkConditionalPut = async (storage: Storage, prefix: string): Promise<Check> => {
  const name = 'conditional PUT';
  const Key = `${prefix}conditional`;
  await put(storage, Key);
  const command = new PutObjectCommand({
    ...{ Bucket: storage.bucket, Key, Body: SMALL, IfNoneMatch: '*' },
    ...encryptionFields(storage.encryption),
  });
  return (await isReplaced(() => storage.client.send(command)))
    ? warned(
        name,
        'the store ignores If-None-Match: a signed PUT can replace an upload that is finished, until its URL expires',
        `${REPLACE}; until then serve clients with tus alone`,
      )
    : passed(name, 'an existing object is not replaced');
};

const sendPart = async (
  storage: Storage,
  upload: { key: string; id: string },
  number: number,
  body: Buffer,
): Promise<{ number: number; etag: string }> => {
  const { ETag = '' } = await storage.client.send(
    new UploadPartCommand({
      Bucket: storage.bucket,
      Key: upload.key,
      UploadId: upload.id,
      PartNumber: number,
      Body: body,
    }),
  );
  return { number, etag: ETag };
};

/** Sends two parts of different sizes, asks for them, and makes them one object. */
const assemble = async (storage: Storage, key: string): Promise<void> => {
  const { multipart } = storage;
  const upload = { key, id: await multipart.open(key) };
  try {
    const parts: Awaited<ReturnType<typeof sendPart>>[] = [];
    for (const [index, size] of PART_SIZES.entries())
      parts.push(await sendPart(storage, upload, index + 1, Buffer.alloc(size, index + 1)));
    const listed = (await multipart.listParts(key, upload.id)).map(({ size_bytes }) => size_bytes);
    if (listed.join() !== PART_SIZES.join())
      throw new Error(`ListParts shows parts of ${listed.join(', ') || 'no'} bytes`);
    await multipart.complete(key, upload.id, parts, { ifAbsent: false });
  } catch (error) {
    await multipart.abort(key, upload.id).catch(() => undefined);
    throw error;
  }
  const stored = (await storage.head(key))?.size_bytes;
  if (stored !== PART_SIZES[0] + PART_SIZES[1]) throw new Error(`the object has ${stored ?? 'no'} bytes`);
};

const checkMultipart = async (storage: Storage, prefix: string): Promise<Check> => {
  await assemble(storage, `${prefix}parts`);
  return passed('multipart uploads', 'parts of 5 MiB and a smaller last one are listed and become an object');
};

const checkConditionalComplete = async (storage: Storage, prefix: string): Promise<Check> => {
  const name = 'conditional Complete';
  const key = `${prefix}conditional-complete`;
  const { multipart } = storage;
  await put(storage, key);
  const upload = { key, id: await multipart.open(key) };
  const parts = [await sendPart(storage, upload, 1, SMALL)];
  try {
    return (await isReplaced(() => multipart.complete(key, upload.id, parts, { ifAbsent: true })))
      ? warned(
          name,
          'the store ignores If-None-Match: two Completes of one direct upload can replace each other',
          `nothing is lost, since the database lets one process complete; ${REPLACE}`,
        )
      : passed(name, 'an existing object is not replaced');
  } finally {
    await multipart.abort(key, upload.id).catch(() => undefined);
  }
};

const checkAbort = async (storage: Storage, prefix: string): Promise<Check> => {
  const name = 'aborted uploads';
  const key = `${prefix}aborted`;
  const { multipart } = storage;
  const id = await multipart.open(key);
  await sendPart(storage, { key, id }, 1, SMALL);
  await multipart.abort(key, id);
  const left = await multipart.listParts(key, id).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return left.length === 0
    ? passed(name, 'an aborted upload leaves no part')
    : warned(
        name,
        `${left.length} parts of an aborted upload stay, and cost`,
        'add a rule to the bucket that ends incomplete multipart uploads after some days',
      );
};

const checkCopy = async (storage: Storage, prefix: string): Promise<Check> => {
  const key = `${prefix}copy`;
  const { multipart } = storage;
  await put(storage, `${key}-source`);
  const id = await multipart.open(key);
  try {
    const part = await multipart.copyPart(key, id, 1, { key: `${key}-source`, size_bytes: SMALL.length });
    await multipart.complete(key, id, [part], { ifAbsent: false });
    return passed('part copies', 'parallel tus uploads are joined within the store');
  } catch (error) {
    await multipart.abort(key, id).catch(() => undefined);
    throw error;
  }
};

const checkRanges = async (storage: Storage, prefix: string): Promise<Check> => {
  const name = 'ranges';
  const key = `${prefix}range`;
  await put(storage, key);
  const { body, content_range } = await storage.get(key, { range: 'bytes=1-3' });
  const bytes = Buffer.concat(await body.toArray());
  return content_range !== undefined && bytes.equals(SMALL.subarray(1, 4))
    ? passed(name, 'a range of an object is that range')
    : failed(name, 'the store ignores Range: films cannot be played from the middle', REPLACE);
};

const checkDeletes = async (storage: Storage, prefix: string): Promise<Check> => {
  const name = 'deletes';
  const keys = [`${prefix}delete-1`, `${prefix}delete-2`];
  for (const key of keys) await put(storage, key);
  await storage.delete(keys);
  for (const key of keys)
    if ((await storage.head(key)) !== undefined)
      return failed(name, 'a deleted object is still there: erasure would leave bytes behind', REPLACE);
  return storage.deletesOneByOne
    ? warned(
        name,
        'the store refuses batches (DeleteObjects with a checksum instead of Content-MD5): each object is one request',
        'nothing is lost; erasing much takes longer',
      )
    : passed(name, 'a batch of objects is gone at once');
};

interface Probe {
  name: string;
  /** What does not work where the store refuses it. */
  means: string;
  look: (storage: Storage, prefix: string) => Promise<Check>;
}

const PROBES: readonly Probe[] = [
  { name: 'conditional PUT', means: 'no upload can be written', look: checkConditionalPut },
  { name: 'multipart uploads', means: 'files over one part cannot be stored', look: checkMultipart },
  {
    name: 'conditional Complete',
    means: 'direct uploads in parts cannot end',
    look: checkConditionalComplete,
  },
  { name: 'aborted uploads', means: 'parts of abandoned uploads stay', look: checkAbort },
  { name: 'part copies', means: 'parallel tus uploads cannot be joined', look: checkCopy },
  { name: 'ranges', means: 'films cannot be played from the middle', look: checkRanges },
  { name: 'deletes', means: 'nothing can be erased', look: checkDeletes },
];

/** Names of what is found out about the store; scripts may rely on them. */
export const CAPABILITIES = PROBES.map(({ name }) => name);

/** Keys below the prefix that may keep a multipart upload when the store stops answering. */
export const MULTIPART_KEYS = ['parts', 'conditional-complete', 'aborted', 'copy'] as const;

/**
 * Checks each capability of the store that Claimcheck relies on. Each check ends within a time limit.
 *
 * @param prefix of no media object; the caller removes what is there
 */
export const checkCapabilities = async (storage: Storage, prefix: string): Promise<Check[]> => {
  const found = await Promise.all(
    PROBES.map(({ name, means, look }) =>
      attempt(name, REPLACE, async () => {
        try {
          return [await look(storage, prefix)];
        } catch (error) {
          return [failed(name, `the store refuses: ${describeRefusal(error)}; ${means}`, REPLACE)];
        }
      }),
    ),
  );
  return found.flat();
};
