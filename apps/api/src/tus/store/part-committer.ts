import { tailKey } from '@claimcheck/contracts/object-keys';
import type {
  Lease,
  Progress,
  StoredPart,
  StoredTail,
  UploadSession,
} from '../../media/uploads/upload-session.ts';
import { ProblemError } from '../../problem-error.ts';
import type { Engine } from './engine.ts';
import { type Remainder, sizeInTails } from './part-assembler.ts';
import { TusError } from './tus-error.ts';
import { joined, withTails } from './with-tails.ts';

/** Parts that may be counted: those without a gap before them. */
export interface Prefix {
  /** The number of the last one. */
  last: number;
  parts: StoredPart[];
  /** Tails that these parts absorbed. */
  tails: StoredTail[];
}

/**
 * Parts that the storage has, in whatever order it stored them. A missing one blocks all later ones: counting those would
 * leave a hole in the file.
 */
export class StoredPrefix {
  readonly #stored = new Map<number, { part: StoredPart; tails: StoredTail[] }>();
  #last: number;

  /** @param last number of the last part already counted; 0 without any */
  constructor(last: number) {
    this.#last = last;
  }

  add(part: StoredPart, tails: StoredTail[]): void {
    this.#stored.set(part.number, { part, tails });
  }

  /** Returns each part once. @returns undefined while the next one is missing */
  take(): Prefix | undefined {
    const parts: StoredPart[] = [];
    const tails: StoredTail[] = [];
    for (let next = this.#stored.get(this.#last + 1); next; next = this.#stored.get(this.#last + 1)) {
      parts.push(next.part);
      tails.push(...next.tails);
      this.#last += 1;
      this.#stored.delete(this.#last);
    }
    return parts.length === 0 ? undefined : { last: this.#last, parts, tails };
  }
}

const PARTS_IN_FLIGHT = 4;
/** Number of tails that are joined into one. */
const MAX_TAILS = 16;

/**
 * Stores the parts of one request in parallel, and its tail. Commits only a contiguous prefix of the stored bytes.
 */
export class PartCommitter {
  readonly #engine: Engine;
  readonly #lease: Lease;
  readonly #session: UploadSession;
  readonly #onCommitted: ((offset: number) => void) | undefined;
  readonly #onFailure: () => void;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #stored: StoredPrefix;
  #s3UploadId: string | undefined;
  #commits: Promise<void> = Promise.resolve();
  #mayCommit: boolean;
  #failure: unknown;

  constructor(
    engine: Engine,
    options: {
      lease: Lease;
      session: UploadSession;
      /** False while a checksum is expected: nothing counts before the comparison. */
      mayCommit: boolean;
      onCommitted?: ((offset: number) => void) | undefined;
      /** Called when a part could not be stored; {@link throwFailure} says why. */
      onFailure: () => void;
    },
  ) {
    this.#engine = engine;
    this.#lease = options.lease;
    this.#session = options.session;
    this.#mayCommit = options.mayCommit;
    this.#onCommitted = options.onCommitted;
    this.#onFailure = options.onFailure;
    this.#s3UploadId = options.session.s3_upload_id;
    this.#stored = new StoredPrefix(Math.floor(options.session.offset / options.session.part_size));
  }

  get s3UploadId(): string | undefined {
    return this.#s3UploadId;
  }

  get mayCommit(): boolean {
    return this.#mayCommit;
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Commits everything stored so far, and from here on whatever is stored. */
  async allowCommits(): Promise<void> {
    this.#mayCommit = true;
    await this.#commitStored();
  }

  /**
   * Starts to send the part that ends at `position`. Waits only while too many are in transit.
   *
   * @param take returns the part's bytes when there is a slot for them
   */
  async sendPart(position: number, take: () => Remainder): Promise<void> {
    while (this.#inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(this.#inFlight);
    this.throwFailure();
    this.#s3UploadId ??= await this.#openMultipart();
    const number = Math.ceil(position / this.#session.part_size);
    const sending = this.#send(number, this.#s3UploadId, take())
      .catch((error: unknown) => {
        this.#failure ??= error;
        // Checked not only when the client sends more, because the client may be waiting for us.
        this.#onFailure();
      })
      .finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  /** Waits for all parts in transit. @throws the error of one that failed */
  async drain(): Promise<void> {
    await this.settle();
    this.throwFailure();
  }

  /** Does the same as {@link drain}, and never throws. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  /**
   * Stores bytes short of a part's size next to the parts; they are read back when the part is complete.
   *
   * @returns the tails of the current part
   */
  async writeTail(position: number, taken: Remainder): Promise<StoredTail[]> {
    const { tails } = taken;
    try {
      const isJoining = tails.length >= MAX_TAILS;
      const number = (tails.at(-1)?.number ?? 0) + 1;
      // The end of its bytes makes the key unique: a tail that was joined may be about to be deleted.
      const key = tailKey(this.#session.upload_id, position, this.#lease.fencingToken);
      const put = (chunks: readonly Buffer[]) => this.#engine.sender.put(key, chunks, false);
      await (isJoining ? withTails(this.#engine, taken, put) : put(taken.chunks));
      taken.discard();
      const tail = { number, key, size_bytes: (isJoining ? sizeInTails(tails) : 0) + taken.bytes };
      const progress = { offset: position, parts: [], tail, ...(isJoining ? joined(tails) : {}) };
      await this.#commit(progress).catch((error: unknown) => {
        if (error instanceof ProblemError) this.#forget([tail]);
        throw error;
      });
      if (isJoining) this.#forget(tails);
      return isJoining ? [tail] : [...tails, tail];
    } finally {
      taken.release();
    }
  }

  async #openMultipart(): Promise<string> {
    const { multipart } = this.#engine.sender;
    const key = this.#session.object_storage_key;
    // An earlier request may have opened one without a row: the database was down, or the process was killed.
    if (this.#lease.fencingToken > 1) await multipart.abortAll(key);
    const id = await multipart.open(key);
    this.#engine.failpoint('upload.after_open');
    if (!(await this.#engine.sessions.setMultipart(this.#lease, id))) throw new TusError('upload_locked');
    return id;
  }

  async #send(number: number, s3UploadId: string, taken: Remainder): Promise<void> {
    try {
      const key = this.#session.object_storage_key;
      const part = await withTails(this.#engine, taken, (chunks) =>
        this.#engine.sender.sendPart(key, s3UploadId, number, chunks),
      );
      this.#stored.add(part, taken.tails);
      taken.discard();
    } finally {
      taken.release();
    }
    await this.#commitStored();
  }

  /** Commits one part after the other, and only without a gap before it. */
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
    this.#onCommitted?.(progress.offset);
  }

  /** Deletes objects without a row. Objects that a crash leaves are deleted with the upload's prefix. */
  #forget(tails: StoredTail[]): void {
    if (tails.length === 0) return;
    this.#engine.storage
      .delete(tails.map(({ key }) => key))
      .catch((error: unknown) =>
        this.#engine.logger.warn({ err: error, upload: this.#session.upload_id }, 'tails not deleted'),
      );
  }
}
