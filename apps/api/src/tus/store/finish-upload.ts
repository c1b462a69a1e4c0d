import { isConflict, isLost } from '@claimcheck/platform/s3/s3-errors';
import { type Lease, mayBeCompleting, type UploadSession } from '../../media/uploads/upload-session.ts';
import type { Engine } from './engine.ts';
import type { Remainder } from './part-assembler.ts';
import { TusError } from './tus-error.ts';
import { joined, withTails } from './with-tails.ts';

type Complete = UploadSession & { length: number };

export const NOTHING_LEFT: Remainder = {
  tails: [],
  chunks: [],
  bytes: 0,
  isReserved: false,
  release: () => {},
  discard: () => {},
};

/** Never trust S3's reply: a Complete that failed may have worked, and vice versa. HEAD shows the truth. */
const verify = async (engine: Engine, session: Complete): Promise<'stored' | 'absent' | 'otherSize'> => {
  const object = await engine.storage.head(session.object_storage_key);
  if (object === undefined) return 'absent';
  return object.size_bytes === session.length ? 'stored' : 'otherSize';
};

/** The multipart upload or the object is not as we left it: this upload cannot be resumed. */
export const abandon = async (engine: Engine, lease: Lease, error: unknown): Promise<never> => {
  engine.logger.error({ upload: lease.upload_id, err: error }, 'the storage lost an upload');
  await engine.sessions.setPhase(lease, 'aborted');
  throw new TusError('upload_gone');
};

/** Loads the bytes that are in no part yet, of an upload whose bytes are all stored. */
export const loadRemainder = async (engine: Engine, uploadId: string): Promise<Remainder> => {
  const tails = await engine.sessions.tails(uploadId);
  return { ...NOTHING_LEFT, tails };
};

/** An upload that is being finished. */
interface Finishing {
  engine: Engine;
  lease: Lease;
  session: Complete;
  rest: Remainder;
}

/**
 * Runs the final write of an upload. If S3 refuses, finds out whether the write was done before or never can be.
 *
 * @param repair replaces an object of another length
 */
const finishOrVerify = async (
  { engine, lease, session }: Finishing,
  write: () => Promise<void>,
  repair?: () => Promise<void>,
): Promise<void> => {
  engine.failpoint('upload.before_complete');
  try {
    await write();
  } catch (error) {
    if (!isConflict(error) && !isLost(error)) throw error;
    const found = await verify(engine, session);
    if (found === 'stored') return;
    // Our previous write, abandoned after a time-out, is still in transit: the next attempt finds its object.
    if (found === 'absent' && isConflict(error)) throw new TusError('unavailable');
    // An earlier Complete may still be running, hidden from HEAD and ListParts: only time tells.
    if (found === 'absent' && mayBeCompleting(session)) throw new TusError('unavailable');
    if (found === 'absent' || repair === undefined) return abandon(engine, lease, error);
    await repair();
  }
  engine.failpoint('upload.after_complete');
};

const putSingleObject = async (finishing: Finishing): Promise<void> => {
  const { engine, session, rest } = finishing;
  await withTails(engine, rest, (chunks) => {
    const put = (ifAbsent: boolean) => engine.sender.put(session.object_storage_key, chunks, ifAbsent);
    // No other process writes here. It is the beginning of these bytes, left by a process that died while sending
    // them, on a store that keeps truncated requests (versitygw 1.8.0 does).
    return finishOrVerify(
      finishing,
      () => put(true),
      () => put(false),
    );
  });
};

const completeParts = async (finishing: Finishing, s3UploadId: string): Promise<void> => {
  const { engine, lease, session } = finishing;
  // The intent is committed first: a process that finds it checks the storage before anything else.
  if (!(await engine.sessions.setCompleting(lease, session))) throw new TusError('upload_locked');
  const parts = await engine.sessions.parts(session.upload_id);
  await finishOrVerify(finishing, () =>
    engine.sender.multipart.complete(session.object_storage_key, s3UploadId, parts, { ifAbsent: false }),
  );
};

/** Sends the remaining bytes as the last part, which may be smaller than the others. */
const sendLastPart = async (finishing: Finishing, s3UploadId: string): Promise<void> => {
  const { engine, lease, session, rest } = finishing;
  if (rest.tails.length === 0 && rest.chunks.length === 0) return;
  const number = Math.ceil(session.length / session.part_size);
  const part = await withTails(engine, rest, (chunks) =>
    engine.sender.sendPart(session.object_storage_key, s3UploadId, number, chunks),
  );
  const progress = { offset: session.length, parts: [part], ...joined(rest.tails) };
  if (!(await engine.sessions.commit(lease, progress))) throw new TusError('upload_locked');
};

const finish = async (finishing: Finishing): Promise<void> => {
  const { engine, session } = finishing;
  if (session.offset !== session.length)
    throw new Error('an upload whose bytes are not all here was to be finished');
  if (session.phase === 'completing' && (await verify(engine, session)) === 'stored') return;
  if (session.s3_upload_id === undefined) return putSingleObject(finishing);
  if (session.phase === 'open') await sendLastPart(finishing, session.s3_upload_id);
  await completeParts(finishing, session.s3_upload_id);
};

/**
 * Makes one object of an upload whose bytes are all received or stored. Repeatable, even by another process after a crash at
 * any point; afterwards the storage has an object with the upload's length.
 *
 * @throws TusError `upload_gone` when the storage has lost it · `upload_locked`; the storage's error
 */
export const finishObject = async (
  engine: Engine,
  lease: Lease,
  session: Complete,
  rest: Remainder,
): Promise<void> => {
  try {
    await finish({ engine, lease, session, rest });
    rest.discard();
  } catch (error) {
    // NoSuchUpload of a part means the same as of Complete.
    if (isLost(error) && !mayBeCompleting(session)) await abandon(engine, lease, error);
    throw error;
  } finally {
    rest.release();
  }
};

/**
 * Deletes the tails. Call it only once the database knows that the upload is complete: until then, a request after a crash
 * reads them again. Reconcile finds the tails that a crash leaves here.
 */
export const forgetTails = async (engine: Engine, { tails }: Pick<Remainder, 'tails'>): Promise<void> => {
  if (tails.length > 0) await engine.storage.delete(tails.map(({ key }) => key)).catch(() => {});
};
