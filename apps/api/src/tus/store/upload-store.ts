import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/utils';
import { needsRecovery, type UploadSession } from '../../media/uploads/upload-session.ts';
import { ProblemError } from '../../problem-error.ts';
import type { Engine } from './engine.ts';
import { abandon, finishObject, forgetTails, loadRemainder, NOTHING_LEFT } from './finish-upload.ts';
import { Ingest, type Limit } from './ingest.ts';
import type { Remainder } from './part-assembler.ts';
import { TusError } from './tus-error.ts';
import type { UploadRequest, UploadRequests } from './upload-request.ts';

/** Called when the whole object is in the storage, under the upload's lease. */
export type OnStored = (session: UploadSession & { length: number }) => Promise<void>;

/**
 * The data store of @tus/server. Its state is in Postgres, not in `.info` objects and lists of parts, because S3 does not
 * always behave as the stock store assumes (docs/decisions/0003-upload-store.md).
 */
export class UploadStore extends DataStore {
  readonly #engine: Engine;
  readonly #requests: UploadRequests;
  readonly #onStored: OnStored;

  constructor(engine: Engine, requests: UploadRequests, onStored: OnStored) {
    super();
    this.extensions = ['creation', 'creation-with-upload', 'creation-defer-length', 'termination'];
    this.#engine = engine;
    this.#requests = requests;
    this.#onStored = onStored;
  }

  /** The row exists already; S3 learns of an upload with its first bytes. */
  override async create(upload: Upload): Promise<Upload> {
    const request = this.#requests.get(upload.id);
    if (request.session.length === 0) await this.#finish(request, request.session, NOTHING_LEFT);
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const request = this.#requests.get(id);
    // The request for which it waited may have died after the last byte.
    if (request.lease !== undefined && needsRecovery(request.session)) await this.recover(request);
    const { session } = request;
    return new Upload({
      id,
      offset: session.offset,
      ...(session.length === undefined ? {} : { size: session.length }),
      creation_date: session.created_at.toISOString(),
    });
  }

  override async declareUploadLength(id: string, length: number): Promise<void> {
    const request = this.#requests.get(id);
    if (request.lease === undefined || !(await this.#engine.sessions.setLength(request.lease, length)))
      throw new TusError('upload_locked');
    request.session = { ...request.session, length };
  }

  /** Reads the request's own body; `_source` is empty. @returns the committed offset */
  override async write(_source: Readable, id: string): Promise<number> {
    const request = this.#requests.get(id);
    if (request.session.phase === 'complete') return request.session.offset;
    if (request.lease === undefined) throw new TusError('upload_locked');
    // Its bytes are those of its pieces (tus 1.0.0, Concatenation).
    if (request.session.concat?.startsWith('final;')) throw new TusError('tus_protocol');
    if (request.session.phase !== 'open') return this.recover(request);
    const before = request.session.offset;
    const limit = await this.#limitOf(request.session);
    const ingest = new Ingest(this.#engine, { ...request, lease: request.lease, limit });
    request.onReleaseRequest = () => ingest.release();
    if (request.releaseRequested) ingest.release();
    const { offset, end, remainder, s3_upload_id } = await ingest
      .run()
      .catch((error: unknown) => this.#afterFailure(request, error));
    request.onReleaseRequest = undefined;
    const endsHere = end === 'end' && request.endsUpload === true && request.session.length === undefined;
    if (endsHere) await this.declareUploadLength(id, offset);
    const rest = endsHere ? await loadRemainder(this.#engine, request.session.upload_id) : remainder;
    if (rest !== undefined) await this.#finish(request, { ...request.session, offset, s3_upload_id }, rest);
    // Released before any byte arrived: the other request has the upload.
    else if (end === 'release' && offset === before) throw new TusError('upload_locked');
    return offset;
  }

  /** Returns the limit. An upload without a length is charged as its bytes arrive, up to its owner's quota. */
  async #limitOf({ length, offset, owner_user_id }: UploadSession): Promise<Limit> {
    const { maxUploadBytes, sessions } = this.#engine;
    if (length !== undefined) return { bytes: length, code: 'too_large' };
    const allowed = offset + (await sessions.bytesLeft(owner_user_id));
    return allowed < maxUploadBytes
      ? { bytes: allowed, code: 'quota_exceeded' }
      : { bytes: maxUploadBytes, code: 'too_large' };
  }

  /** A part was not stored. If the multipart upload is gone, the client must learn that. */
  async #afterFailure(request: UploadRequest, error: unknown): Promise<never> {
    const { lease } = request;
    const session = await this.#engine.sessions.find(request.session.upload_id);
    if (lease === undefined || session?.s3_upload_id === undefined || error instanceof ProblemError)
      throw error;
    // The error alone is not enough: a server may close the connection before it says why.
    const isThere = await this.#engine.sender.multipart.isOpen(
      session.object_storage_key,
      session.s3_upload_id,
    );
    return isThere ? Promise.reject(error) : abandon(this.#engine, lease, error);
  }

  /** Finishes an upload whose bytes are all stored: its last request died, or S3 did not answer it. */
  async recover(request: UploadRequest): Promise<number> {
    const { session } = request;
    await this.#finish(request, session, await loadRemainder(this.#engine, session.upload_id));
    return session.offset;
  }

  async #finish(request: UploadRequest, session: UploadSession, remainder: Remainder): Promise<void> {
    const { length } = session;
    if (length === undefined) throw new Error('an upload of unknown length cannot be finished');
    const whole = { ...session, length };
    if (length > 0) {
      if (request.lease === undefined) throw new TusError('upload_locked');
      await finishObject(this.#engine, request.lease, whole, remainder);
    }
    await this.#onStored(whole);
    this.#engine.failpoint('upload.after_commit');
    request.session = { ...whole, phase: 'complete', offset: length };
    await forgetTails(this.#engine, remainder);
  }
}
