import type { StoredTail } from '../../media/uploads/upload-parts.ts';
import type { UploadSession } from '../../media/uploads/upload-session.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { PartBuffer, type Taken } from './part-buffer.ts';
import type { Holder } from './small-bytes.ts';
import { sizeInTails } from './with-tails.ts';

/** Below this, an upload's bytes are kept as they arrive; above it, memory for the part must be reserved. */
const SMALL_BYTES = 256 * 1_024;
/** A client that needs longer to fill a part gets no memory for it: its bytes are stored in small pieces. */
const FAST_FILL_MS = 15_000;
/** Time that a reservation waits for a byte while another upload waits for memory. */
const SILENT_MS = 3_000;

/** Bytes of the current part that are not in a part yet: in tails, and in memory. */
export interface Remainder extends Taken {
  tails: StoredTail[];
}

/** Cuts the bytes of an upload into parts at fixed boundaries; holds the part that is being filled. */
export class PartAssembler implements Holder {
  readonly flush: () => void;
  lastByteAt = 0;
  /** Stored bytes of the current part, before those in memory. */
  tails: StoredTail[] = [];
  readonly #session: Pick<UploadSession, 'part_size' | 'length'>;
  readonly #buffer: PartBuffer;
  #position: number;
  #firstByteAt = 0;

  /** @param onFlush called when the process needs the memory */
  constructor(
    session: Pick<UploadSession, 'part_size' | 'length' | 'offset'>,
    budget: MemoryBudget,
    onFlush: () => void,
  ) {
    this.#session = session;
    this.#position = session.offset;
    this.#buffer = new PartBuffer(budget, this);
    this.flush = onFlush;
  }

  /** Position of the next byte, from the upload's start. */
  get position(): number {
    return this.#position;
  }

  get bytes(): number {
    return this.#buffer.bytes;
  }

  get isReserved(): boolean {
    return this.#buffer.isReserved;
  }

  get isFull(): boolean {
    return this.bytes + this.#inTails() === this.#session.part_size;
  }

  get needsReservation(): boolean {
    return !this.isReserved && this.bytes >= SMALL_BYTES;
  }

  /** False with a full part, which waits for the storage. */
  get isSlow(): boolean {
    const now = performance.now();
    return this.bytes < this.#size() && (now - this.lastByteAt > SILENT_MS || this.isTooSlow(now));
  }

  isTooSlow(now: number): boolean {
    return ((now - this.#firstByteAt) / this.bytes) * this.#size() > FAST_FILL_MS;
  }

  /** Adds bytes up to the part's end. @returns those of the next part */
  add(bytes: Buffer): Buffer {
    // Not `lastByteAt`: the previous part may have had to wait for the storage since.
    if (this.bytes === 0) this.#firstByteAt = performance.now();
    const space = this.#size() - this.bytes;
    const piece = bytes.length <= space ? bytes : bytes.subarray(0, space);
    this.#buffer.add(piece);
    this.#position += piece.length;
    return bytes.subarray(piece.length);
  }

  /**
   * Reserves memory for the part and for its tails, which are read back to send it: nothing that holds memory waits for more.
   *
   * @param askedAt since when the client has had to wait, through no fault of its own
   */
  async reserve(askedAt: number): Promise<void> {
    await this.#buffer.reserve(this.#inTails() + this.#size());
    const waited = performance.now() - askedAt;
    this.#firstByteAt += waited;
    this.lastByteAt += waited;
  }

  takeAll(): Remainder {
    const { tails } = this;
    this.tails = [];
    return { tails, ...this.#buffer.take() };
  }

  /** Bytes of the current part that are not in tails; for an upload's last part, only those that exist. */
  #size(): number {
    const { part_size, length } = this.#session;
    const toBoundary = part_size - this.#inTails();
    return length === undefined ? toBoundary : Math.min(toBoundary, length - (this.#position - this.bytes));
  }

  #inTails(): number {
    return sizeInTails(this.tails);
  }
}
