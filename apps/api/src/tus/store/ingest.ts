import type { IncomingMessage } from 'node:http';
import type { Lease, UploadSession } from '../../media/uploads/upload-session.ts';
import type { ExpectedChecksum } from './checksum.ts';
import type { Engine } from './engine.ts';
import { PartAssembler, type Remainder } from './part-assembler.ts';
import { PartCommitter } from './part-committer.ts';
import { TusError } from './tus-error.ts';

/** Why no more bytes arrive: the body is complete, the connection broke, or the client was silent for too long. */
export type BodyEnd = 'end' | 'cut' | 'idle';

/** Wakes the reader without a byte: another request needs the upload or its memory, or a part could not be stored. */
export type Interrupt = 'release' | 'flush' | 'failure';

/** Chunks of a client that wait outside of the budget. */
const QUEUE_LIMIT = 2;

/**
 * Reads the body of a request chunk by chunk, without the detour over web streams. It waits for the client only here, so an
 * interrupt reaches it at once, whatever the client does.
 */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #queue: Buffer[] = [];
  readonly #interrupts = new Set<Interrupt>();
  readonly #idle: NodeJS.Timeout;
  #ended: BodyEnd | undefined;
  #wake: (() => void) | undefined;
  /** Called when only the client remains to be waited for; see {@link isInterrupted}. */
  onInterrupt: (() => void) | undefined;

  /** @param idleMs time of silence, not duration: a slow but steady upload may take hours */
  constructor(request: IncomingMessage, idleMs: number) {
    this.#request = request;
    this.#idle = setTimeout(() => this.#onIdle(), idleMs);
    request
      .on('data', this.#onData)
      .once('end', this.#onEnd)
      .once('close', this.#onCut)
      .on('error', this.#onCut);
    if (request.destroyed && !request.readableEnded) this.#end('cut');
  }

  /** Returns the next chunk, the reason why there is none, or an interrupt. Bytes before an end come first. */
  async next(): Promise<Buffer | BodyEnd | Interrupt> {
    for (;;) {
      for (const interrupt of this.#interrupts) {
        this.#interrupts.delete(interrupt);
        return interrupt;
      }
      const chunk = this.#queue.shift();
      if (chunk !== undefined) return chunk;
      if (this.#ended !== undefined) return this.#ended;
      if (this.#request.isPaused()) this.#request.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Whether another request needs the upload, a part could not be stored, or the connection broke. */
  get isInterrupted(): boolean {
    return this.#ended === 'cut' || this.#interrupts.has('release') || this.#interrupts.has('failure');
  }

  interrupt(reason: Interrupt): void {
    this.#interrupts.add(reason);
    this.#wake?.();
    if (this.isInterrupted) this.onInterrupt?.();
  }

  /** Drops received bytes that no caller requested; they are not counted, and the client sends them again. */
  close(): void {
    clearTimeout(this.#idle);
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onCut);
    this.#request.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#idle.refresh();
    this.#queue.push(chunk);
    // Back-pressure: while no chunk is taken, TCP stops the client.
    if (this.#queue.length >= QUEUE_LIMIT) this.#request.pause();
    this.#wake?.();
  };

  readonly #onEnd = (): void => this.#end('end');
  readonly #onCut = (): void => this.#end('cut');

  #onIdle(): void {
    // The client waits for us, not we for it.
    if (this.#request.isPaused() || this.#queue.length > 0) this.#idle.refresh();
    else this.#end('idle');
  }

  #end(reason: BodyEnd): void {
    this.#ended ??= reason;
    clearTimeout(this.#idle);
    this.#wake?.();
    if (this.isInterrupted) this.onInterrupt?.();
  }
}

/** The furthest offset of a request, in bytes from the upload's start, and the error for bytes beyond it. */
export interface Limit {
  bytes: number;
  code: 'too_large' | 'quota_exceeded';
}

export interface Ingested {
  /** The committed offset; with `remainder`, the length of the whole upload. */
  offset: number;
  end: BodyEnd | 'release';
  /** Set when this request brought the last byte; the caller stores the remainder and finishes. */
  remainder?: Remainder;
  s3_upload_id: string | undefined;
}

/** Reads the body of one request, and passes its bytes to parts and tails. */
export class Ingest {
  readonly #engine: Engine;
  readonly #session: UploadSession;
  readonly #limit: Limit;
  readonly #reader: BodyReader;
  readonly #checksum: ExpectedChecksum | undefined;
  readonly #part: PartAssembler;
  readonly #committer: PartCommitter;

  constructor(
    engine: Engine,
    options: {
      lease: Lease;
      session: UploadSession;
      limit: Limit;
      request: IncomingMessage;
      checksum?: ExpectedChecksum | undefined;
      onCommitted?: ((offset: number) => void) | undefined;
    },
  ) {
    const { lease, session, checksum } = options;
    this.#engine = engine;
    this.#session = session;
    this.#limit = options.limit;
    this.#checksum = checksum;
    this.#reader = new BodyReader(options.request, engine.idleMs);
    this.#part = new PartAssembler(session, engine.budget, () => this.#reader.interrupt('flush'));
    this.#reader.onInterrupt = () => engine.budget.cancelReservation(this.#part);
    this.#committer = new PartCommitter(engine, {
      lease,
      session,
      mayCommit: checksum === undefined,
      onCommitted: options.onCommitted,
      onFailure: () => this.#reader.interrupt('failure'),
    });
  }

  /** Called when another request needs this upload: received bytes are stored, and this request ends. */
  release(): void {
    this.#reader.interrupt('release');
  }

  /**
   * Reads the body to its end, or to an interrupt.
   *
   * @throws ProblemError `too_large` · `quota_exceeded` · `checksum_mismatch` · `upload_locked` when the lease was lost; the
   *   storage's error. Bytes committed earlier stay.
   */
  async run(): Promise<Ingested> {
    try {
      if (this.#session.offset % this.#session.part_size > 0)
        this.#part.tails = await this.#engine.sessions.tails(this.#session.upload_id);
      const end = await this.#readBody();
      await this.#committer.drain();
      if (this.#checksum !== undefined) await this.#verify(end);
      if (end === 'limit') {
        await this.#writeTail();
        throw new TusError(this.#limit.code);
      }
      return await this.#conclude(end);
    } finally {
      this.#reader.close();
      // After a failure some bytes may be left, and parts in transit may still count.
      this.#part.takeAll().release();
      await this.#committer.settle();
    }
  }

  async #readBody(): Promise<BodyEnd | 'release' | 'limit'> {
    const limit = this.#limit.bytes;
    for (;;) {
      const next = await this.#reader.next();
      this.#committer.throwFailure();
      if (next === 'flush') {
        if (!(await this.#flushIfUseful())) return 'release';
      } else if (typeof next === 'string') {
        // The failure itself is thrown above.
        if (next !== 'failure') return next;
      } else {
        const fits = this.#part.position + next.length <= limit;
        await this.#accept(fits ? next : next.subarray(0, limit - this.#part.position));
        if (!fits) return 'limit';
      }
    }
  }

  async #accept(bytes: Buffer): Promise<void> {
    this.#checksum?.update(bytes);
    this.#part.lastByteAt = performance.now();
    for (let rest = bytes; rest.length > 0; ) {
      rest = this.#part.add(rest);
      if (this.#part.isFull && !this.#isWhole())
        await this.#committer.sendPart(this.#part.position, () => this.#part.takeAll());
      else if (this.#part.needsReservation) await this.#reserveOrFlush();
    }
  }

  /** Whether the upload has only one part: then it is one PutObject, at its end. */
  #isWhole(): boolean {
    const { length, part_size } = this.#session;
    return length !== undefined && length <= part_size && this.#committer.s3UploadId === undefined;
  }

  async #reserveOrFlush(): Promise<void> {
    const askedAt = performance.now();
    if (this.#part.isTooSlow(askedAt) && this.#committer.mayCommit) return this.#writeTail();
    // No reservation is needed: the received bytes are about to be stored.
    if (!this.#reader.isInterrupted) await this.#part.reserve(askedAt);
  }

  /** @returns false when it would take memory for which others wait, and cannot be stored: then nothing is kept */
  async #flushIfUseful(): Promise<boolean> {
    const { bytes, isReserved, isSlow } = this.#part;
    if (bytes === 0 || (isReserved && !isSlow)) return true;
    if (!this.#committer.mayCommit) return !isReserved;
    await this.#writeTail();
    return true;
  }

  async #verify(end: BodyEnd | 'release' | 'limit'): Promise<void> {
    // An incomplete body cannot be compared, so nothing of it is kept.
    if (end !== 'end') throw new TusError(end === 'limit' ? this.#limit.code : 'upload_locked');
    if (this.#checksum?.matches() !== true) throw new TusError('checksum_mismatch');
    await this.#committer.allowCommits();
  }

  async #conclude(end: BodyEnd | 'release'): Promise<Ingested> {
    const offset = this.#part.position;
    const isLast = offset === this.#session.length;
    if (!isLast) await this.#writeTail();
    const s3_upload_id = this.#committer.s3UploadId;
    return { offset, end, s3_upload_id, ...(isLast ? { remainder: this.#part.takeAll() } : {}) };
  }

  async #writeTail(): Promise<void> {
    if (this.#part.bytes === 0) return;
    await this.#committer.drain();
    this.#part.tails = await this.#committer.writeTail(this.#part.position, this.#part.takeAll());
  }
}
