import type { Readable } from 'node:stream';
import { MIB } from '@claimcheck/contracts/limits';
import { discardChunks } from '@claimcheck/platform/s3/discard-chunks';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { Lease, StoredPart, UploadSession } from '../../media/uploads/upload-session.ts';
import type { Engine } from './engine.ts';
import { abandon } from './finish-upload.ts';
import { ChunkList } from './part-assembler.ts';
import { TusError } from './tus-error.ts';

/** S3's smallest part, except for the last. */
const MIN_PART_BYTES = 5 * MIB;
/** S3's largest copy of one part. */
const MAX_COPY_BYTES = 5 * 1_024 * MIB;

const mayCopy = (partials: readonly UploadSession[]): boolean =>
  partials.every(
    ({ offset }, index) =>
      offset <= MAX_COPY_BYTES && (index === partials.length - 1 || offset >= MIN_PART_BYTES),
  );

/** Parts that S3 copies from its own objects: no byte passes through us. */
const copyAll = (
  engine: Engine,
  key: string,
  s3UploadId: string,
  partials: readonly UploadSession[],
): Promise<StoredPart[]> =>
  Promise.all(
    partials.map((partial, index) =>
      engine.sender.multipart.copyPart(key, s3UploadId, index + 1, {
        key: partial.object_storage_key,
        size_bytes: partial.offset,
      }),
    ),
  );

async function* bytesOf(engine: Engine, partials: readonly UploadSession[]): AsyncGenerator<Buffer> {
  for (const partial of partials) {
    if (partial.offset === 0) continue;
    const { body } = await engine.storage.get(partial.object_storage_key);
    yield* body as Readable & AsyncIterable<Buffer>;
  }
}

/** Pieces too small to be parts are read and written again, a part at a time. */
const rewriteAll = async (
  engine: Engine,
  session: UploadSession,
  s3UploadId: string,
  partials: readonly UploadSession[],
): Promise<StoredPart[]> => {
  const parts: StoredPart[] = [];
  const list = new ChunkList();
  const send = async () => {
    const chunks = list.take();
    const key = session.object_storage_key;
    parts.push(await engine.sender.sendPart(key, s3UploadId, parts.length + 1, chunks));
    discardChunks(chunks);
  };
  const { release } = await engine.budget.reserve(session.part_size);
  try {
    for await (const bytes of bytesOf(engine, partials)) {
      for (let rest = bytes; rest.length > 0; ) {
        const piece = rest.subarray(0, session.part_size - list.bytes);
        list.add(piece);
        rest = rest.subarray(piece.length);
        if (list.bytes === session.part_size) await send();
      }
    }
    if (list.bytes > 0) await send();
  } finally {
    release();
  }
  return parts;
};

/**
 * Joins finished partial uploads into one upload (tus 1.0.0, Concatenation), ready to be completed.
 *
 * @returns the session afterwards, with all of its bytes in parts
 * @throws TusError `upload_gone` when a piece no longer exists: this upload is ended · `upload_locked`
 */
export const concatenate = async (
  engine: Engine,
  lease: Lease,
  session: UploadSession,
  partials: readonly UploadSession[],
): Promise<UploadSession> => {
  const key = session.object_storage_key;
  // A multipart upload that an earlier request opened is not resumed, and would remain.
  if (lease.fencingToken > 1) await engine.sender.multipart.abortAll(key);
  const s3UploadId = await engine.sender.multipart.open(key);
  if (!(await engine.sessions.setMultipart(lease, s3UploadId))) throw new TusError('upload_locked');
  const parts = await (mayCopy(partials)
    ? copyAll(engine, key, s3UploadId, partials)
    : rewriteAll(engine, session, s3UploadId, partials)
  ).catch((error: unknown) => (isMissing(error) ? abandon(engine, lease, error) : Promise.reject(error)));
  const offset = parts.reduce((sum, part) => sum + part.size_bytes, 0);
  if (!(await engine.sessions.commit(lease, { offset, parts }))) throw new TusError('upload_locked');
  return { ...session, offset, s3_upload_id: s3UploadId };
};
