import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/utils';
import { type Lease, needsRecovery, type UploadSession } from '../../media/uploads/upload-session.ts';
import { ProblemError } from '../../problem-error.ts';
import type { ExpectedChecksum } from './checksum.ts';
import type { Engine } from './engine.ts';
import { abandon, finishObject, forgetTails, loadRemainder, NOTHING_LEFT } from './finish-upload.ts';
import { Ingest, type Limit } from './ingest.ts';
import type { Remainder } from './part-assembler.ts';
import { TusError } from './tus-error.ts';

/** One request about an upload: data that @tus/server does not pass from the route to locker and store. */
export interface UploadRequest {
  /** Its body is read from here, without web streams. */
  request: IncomingMessage;
  /** The session under the lease; before that, as the route read it. */
  session: UploadSession;
  lease?: Lease | undefined;
  /** Created by this request: no other request knows its id yet. */
  isNew: boolean;
  checksum?: ExpectedChecksum | undefined;
  /** The body's end is the end of an upload of unknown length (IETF draft). */
  endsUpload?: boolean;
  /** Called with the offset after each commit. */
  onCommitted?: ((offset: number) => void) | undefined;
  /** Called when another request needs this upload. */
  onReleaseRequest?: (() => void) | undefined;
  /** Another request asked before the body was read. */
  releaseRequested?: boolean;
}

/**
 * Current requests, each under a separate key. For @tus/server the key is the id of the upload, which it passes to locker and
 * store.
 */
export class UploadRequests {
  readonly #underWay = new Map<string, UploadRequest>();
  #last = 0;

  /** Runs `work` with the key of a request. */
  async during<Result>(request: UploadRequest, work: (key: string) => Promise<Result>): Promise<Result> {
    this.#last += 1;
    const key = String(this.#last);
    this.#underWay.set(key, request);
    try {
      return await work(key);
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** @throws outside of {@link during} */
  get(key: string): UploadRequest {
    const request = this.#underWay.get(key);
    if (request === undefined) throw new Error('an upload was touched outside of its request');
    return request;
  }
}

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
    await this.finishAbandoned(request);
    const { session } = request;
    return new Upload({
      id,
      offset: session.offset,
      ...(session.length === undefined ? {} : { size: session.length }),
      creation_date: session.created_at.toISOString(),
    });
  }

  /** The request for which this one waited for the lease may have died after the last byte. */
  async finishAbandoned(request: UploadRequest): Promise<void> {
    if (request.lease !== undefined && needsRecovery(request.session)) await this.recover(request);
  }

  async declareLength(request: UploadRequest, length: number): Promise<void> {
    if (request.lease === undefined || !(await this.#engine.sessions.setLength(request.lease, length)))
      throw new TusError('upload_locked');
    request.session = { ...request.session, length };
  }

  /** Reads the request's own body; `_source` is empty. */
  override write(_source: Readable, id: string): Promise<number> {
    return this.append(this.#requests.get(id));
  }

  /** Stores the bytes of a request's body under its lease. @returns the committed offset */
  async append(request: UploadRequest): Promise<number> {
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
    if (endsHere) await this.declareLength(request, offset);
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
