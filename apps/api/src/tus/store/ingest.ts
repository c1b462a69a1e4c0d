import type { IncomingMessage } from 'node:http';
import { tailKey } from '@claimcheck/contracts/object-keys';
import type { Lease } from '../../media/uploads/lease.ts';
import type { Progress, StoredTail } from '../../media/uploads/upload-parts.ts';
import type { UploadSession } from '../../media/uploads/upload-session.ts';
import { ProblemError } from '../../problem-error.ts';
import { type BodyEnd, BodyReader } from './body-reader.ts';
import type { ExpectedChecksum } from './checksum.ts';
import type { Engine } from './engine.ts';
import type { Holder } from './memory-budget.ts';
import { PartBuffer, type Taken } from './part-buffer.ts';
import { sizeOf } from './part-sender.ts';
import { joined, readTails } from './read-tails.ts';
import { StoredPrefix } from './stored-prefix.ts';
import { TusError } from './tus-error.ts';

/** Below this an upload's bytes are taken as they come; above it a part has to be reserved. */
const SMALL_BYTES = 256 * 1_024;
/** A client that needs longer to fill a part gives its bytes away in small pieces instead of holding one. */
const FAST_FILL_MS = 15_000;
/** Time that a reservation waits for a byte while another upload wants it. */
const SILENT_MS = 3_000;
const PARTS_IN_FLIGHT = 4;
/** So many tails are joined into one. */
const MAX_TAILS = 16;

/** Bytes that belong together and are not in a part yet: in tails, and here. */
export interface Remainder extends Taken {
  tails: StoredTail[];
}

/** The furthest offset of a request, in bytes from the upload's start, and the error beyond. */
export interface Limit {
  bytes: number;
  code: 'too_large' | 'quota_exceeded';
}

export interface Ingested {
  /** Committed, or, when `remainder` is there, the length of the whole upload. */
  offset: number;
  end: BodyEnd | 'release';
  /** There when this request brought the last byte; the caller stores it and finishes. */
  remainder?: Remainder;
  s3_upload_id: string | undefined;
}

/**
 * The bytes of one request: cut into parts at fixed boundaries, sent to S3 side by side, and counted only
 * as a contiguous prefix of what is stored. What is left below a part's size becomes a tail.
 */
export class Ingest implements Holder {
  readonly #engine: Engine;
  readonly #lease: Lease;
  readonly #session: UploadSession;
  readonly #limit: Limit;
  readonly #reader: BodyReader;
  readonly #checksum: ExpectedChecksum | undefined;
  /** With a checksum nothing counts before it was compared. */
  #mayCommit: boolean;

  #position: number;
  #tails: StoredTail[] = [];
  readonly #buffer: PartBuffer;
  #firstByteAt = 0;
  lastByteAt = 0;

  #s3UploadId: string | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #stored: StoredPrefix;
  #commits: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(
    engine: Engine,
    options: {
      lease: Lease;
      session: UploadSession;
      limit: Limit;
      request: IncomingMessage;
      checksum?: ExpectedChecksum | undefined;
    },
  ) {
    this.#engine = engine;
    this.#lease = options.lease;
    this.#session = options.session;
    this.#limit = options.limit;
    this.#checksum = options.checksum;
    this.#mayCommit = options.checksum === undefined;
    this.#position = options.session.offset;
    this.#s3UploadId = options.session.s3_upload_id;
    this.#stored = new StoredPrefix(Math.floor(options.session.offset / options.session.part_size));
    this.#reader = new BodyReader(options.request, engine.idleMs);
    this.#buffer = new PartBuffer(engine.budget, this);
    this.#reader.onOver = () => engine.budget.withdraw(this);
  }

  /** Another request asks for this upload: what is here is stored, and this request ends. */
  release(): void {
    this.#reader.interrupt('release');
  }

  /** The process needs memory. */
  spill(): void {
    this.#reader.interrupt('spill');
  }

  /** Not with a full part: that waits for the storage. */
  get isSlow(): boolean {
    const now = performance.now();
    return (
      this.#buffer.bytes < this.#room() &&
      (now - this.lastByteAt > SILENT_MS || this.#expectedFillMs(now) > FAST_FILL_MS)
    );
  }

  /**
   * Reads the body to its end, or to an interrupt.
   *
   * @throws ProblemError `too_large` · `quota_exceeded` · `checksum_mismatch` · `upload_locked` when the lease
   *   was lost; the error of the storage. What was committed before stays.
   */
  async run(): Promise<Ingested> {
    try {
      if (this.#session.offset % this.#session.part_size > 0)
        this.#tails = await this.#engine.sessions.tails(this.#session.upload_id);
      const end = await this.#readBody();
      await this.#settle();
      if (this.#checksum !== undefined) await this.#verify(end);
      if (end === 'over') {
        await this.#writeTail();
        throw new TusError(this.#limit.code);
      }
      return await this.#conclude(end);
    } finally {
      this.#reader.close();
      // After a failure something may be left; and what was on its way may still count.
      this.#buffer.take().giveBack();
      await Promise.allSettled(this.#inFlight);
    }
  }

  async #readBody(): Promise<BodyEnd | 'release' | 'over'> {
    const limit = this.#limit.bytes;
    for (;;) {
      const next = await this.#reader.next();
      if (this.#failure !== undefined || next === 'failure') throw this.#failure;
      if (next === 'spill') {
        if (!(await this.#spillIfUseful())) return 'release';
      } else if (typeof next === 'string') return next;
      else {
        const fits = this.#position + next.length <= limit;
        await this.#accept(fits ? next : next.subarray(0, limit - this.#position));
        if (!fits) return 'over';
      }
    }
  }

  async #accept(bytes: Buffer): Promise<void> {
    this.#checksum?.update(bytes);
    this.lastByteAt = performance.now();
    let rest = bytes;
    while (rest.length > 0) {
      // Not `lastByteAt`: the part before this one may have had to wait for the storage since.
      if (this.#buffer.bytes === 0) this.#firstByteAt = performance.now();
      const room = this.#room() - this.#buffer.bytes;
      const piece = rest.length <= room ? rest : rest.subarray(0, room);
      rest = rest.subarray(piece.length);
      this.#buffer.add(piece);
      this.#position += piece.length;
      const isFull = this.#buffer.bytes + this.#inTails() === this.#session.part_size;
      if (isFull && !this.#isWhole()) await this.#sendPart();
      else if (!this.#buffer.hasRoom && this.#buffer.bytes >= SMALL_BYTES) await this.#reserveOrSpill();
    }
  }

  /** Bytes of the current part that are not in tails; of an upload's last part, no more than there are. */
  #room(): number {
    const { part_size, length } = this.#session;
    const start = this.#position - this.#buffer.bytes;
    const toBoundary = part_size - this.#inTails();
    return length === undefined ? toBoundary : Math.min(toBoundary, length - start);
  }

  #inTails(): number {
    return this.#tails.reduce((sum, tail) => sum + tail.size_bytes, 0);
  }

  /** An upload of one part at most is one PutObject, at its end. */
  #isWhole(): boolean {
    const { length, part_size } = this.#session;
    return length !== undefined && length <= part_size && this.#s3UploadId === undefined;
  }

  #expectedFillMs(now: number): number {
    return ((now - this.#firstByteAt) / this.#buffer.bytes) * this.#room();
  }

  async #reserveOrSpill(): Promise<void> {
    const askedAt = performance.now();
    if (this.#expectedFillMs(askedAt) > FAST_FILL_MS && this.#mayCommit) return this.#writeTail();
    // Without room all the same: what is here is about to be written down.
    if (this.#reader.isOver) return;
    await this.#buffer.reserve(this.#room());
    // That it had to wait was not its client's doing.
    const waited = performance.now() - askedAt;
    this.#firstByteAt += waited;
    this.lastByteAt += waited;
  }

  /** @returns false when it takes what others wait for, and can't be written down: nothing is kept of it */
  async #spillIfUseful(): Promise<boolean> {
    const { bytes, hasRoom } = this.#buffer;
    if (bytes === 0 || (hasRoom && !this.isSlow)) return true;
    if (!this.#mayCommit) return !hasRoom;
    await this.#writeTail();
    return true;
  }

  #takeAll(): Remainder {
    const tails = this.#tails;
    this.#tails = [];
    return { tails, ...this.#buffer.take() };
  }

  async #sendPart(): Promise<void> {
    while (this.#inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure;
    this.#s3UploadId ??= await this.#openMultipart();
    const number = Math.ceil(this.#position / this.#session.part_size);
    const sending = this.#send(number, this.#s3UploadId, this.#takeAll())
      .catch((error: unknown) => {
        this.#failure ??= error;
        // Not only when the client sends more: it may be waiting for us.
        this.#reader.interrupt('failure');
      })
      .finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  async #openMultipart(): Promise<string> {
    const key = this.#session.object_storage_key;
    // A request before this one may have opened one that no row knows: the database was away, or it was killed.
    if (this.#lease.fencingToken > 1) await this.#engine.sender.multipart.abortAll(key);
    const id = await this.#engine.sender.multipart.open(key);
    this.#engine.failpoint('upload.after_open');
    if (!(await this.#engine.sessions.setMultipart(this.#lease, id))) throw new TusError('upload_locked');
    return id;
  }

  async #send(number: number, s3UploadId: string, taken: Remainder): Promise<void> {
    try {
      const before = await readTails(this.#engine.storage, taken.tails);
      const part = await this.#engine.sender.sendPart(this.#session.object_storage_key, s3UploadId, number, [
        ...before,
        ...taken.chunks,
      ]);
      this.#stored.add(part, taken.tails);
    } finally {
      taken.giveBack();
    }
    await this.#commitStored();
  }

  /** One after the other, and only what has no gap before it. */
  #commitStored(): Promise<void> {
    this.#commits = this.#commits.then(async () => {
      if (!this.#mayCommit) return;
      const prefix = this.#stored.take();
      if (prefix === undefined) return;
      const { last, parts, tails } = prefix;
      await this.#commit({ offset: last * this.#session.part_size, parts, ...joined(tails) });
      this.#forget(tails);
    });
    return this.#commits;
  }

  async #commit(progress: Progress): Promise<void> {
    this.#engine.failpoint('upload.before_progress');
    const { length } = this.#session;
    if (!(await this.#engine.sessions.commit(this.#lease, progress, length === undefined)))
      throw new TusError('upload_locked');
    this.#engine.failpoint('upload.after_progress');
  }

  /** Objects that no row names any more. What a crash leaves goes with the upload's prefix. */
  #forget(tails: StoredTail[]): void {
    if (tails.length === 0) return;
    this.#engine.storage
      .delete(tails.map(({ key }) => key))
      .catch((error: unknown) =>
        this.#engine.logger.warn({ err: error, upload: this.#session.upload_id }, 'tails not deleted'),
      );
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #verify(end: BodyEnd | 'release' | 'over'): Promise<void> {
    // A body that is not whole can't be compared: nothing of it is kept.
    if (end !== 'end') throw new TusError(end === 'over' ? this.#limit.code : 'upload_locked');
    if (this.#checksum?.matches() !== true) throw new TusError('checksum_mismatch');
    this.#mayCommit = true;
    await this.#commitStored();
  }

  async #conclude(end: BodyEnd | 'release'): Promise<Ingested> {
    if (this.#position === this.#session.length) {
      return { offset: this.#position, end, s3_upload_id: this.#s3UploadId, remainder: this.#takeAll() };
    }
    await this.#writeTail();
    return { offset: this.#position, end, s3_upload_id: this.#s3UploadId };
  }

  /** Stores bytes short of a part's size next to the parts; they are read back when the part is whole. */
  async #writeTail(): Promise<void> {
    if (this.#buffer.bytes === 0) return;
    await this.#settle();
    const { tails, chunks, bytes: size, giveBack } = this.#takeAll();
    try {
      const isJoining = tails.length >= MAX_TAILS;
      const joining = isJoining ? await readTails(this.#engine.storage, tails) : [];
      const number = (tails.at(-1)?.number ?? 0) + 1;
      // The end of its bytes makes the key unique: a tail that was joined may be on its way out.
      const key = tailKey(this.#session.upload_id, this.#position, this.#lease.fencingToken);
      await this.#engine.sender.put(key, [...joining, ...chunks], false);
      const tail = { number, key, size_bytes: sizeOf(joining) + size };
      await this.#commit({
        offset: this.#position,
        parts: [],
        tail,
        ...(isJoining ? joined(tails) : {}),
      }).catch((error: unknown) => {
        if (error instanceof ProblemError) this.#forget([tail]);
        throw error;
      });
      this.#tails = isJoining ? [tail] : [...tails, tail];
      if (isJoining) this.#forget(tails);
    } finally {
      giveBack();
    }
  }
}
