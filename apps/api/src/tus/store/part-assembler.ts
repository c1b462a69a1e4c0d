import { discardChunks, ownsMemory } from '@claimcheck/platform/s3/discard-chunks';
import type { StoredTail, UploadSession } from '../../media/uploads/upload-session.ts';
import type { Holder, MemoryBudget, PartReservation } from './memory-budget.ts';

/** Smaller chunks are joined with their neighbours: their objects would take more memory than their bytes. */
const SMALL_CHUNK_BYTES = 16_384;
const MAX_SMALL_CHUNKS = 64;

/**
 * Bytes in the chunks in which they arrived, in order. Each chunk owns its memory, so `bytes` is what the list retains, apart
 * from some objects per {@link SMALL_CHUNK_BYTES}.
 */
export class ChunkList {
  #chunks: Buffer[] = [];
  #small: Buffer[] = [];
  #smallBytes = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The caller no longer uses these bytes, so {@link discardChunks} may free them. */
  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (chunk.length >= SMALL_CHUNK_BYTES) {
      this.#closeSmall();
      this.#chunks.push(ownsMemory(chunk) ? chunk : join([chunk]));
      return;
    }
    this.#small.push(ownsMemory(chunk) ? chunk : join([chunk]));
    this.#smallBytes += chunk.length;
    if (this.#smallBytes >= SMALL_CHUNK_BYTES) this.#closeSmall();
    else if (this.#small.length >= MAX_SMALL_CHUNKS) this.#small = [join(this.#small)];
  }

  /** Returns all chunks; the list is empty afterwards. */
  take(): Buffer[] {
    this.#closeSmall();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }

  #closeSmall(): void {
    const [first, second] = this.#small;
    if (first !== undefined) this.#chunks.push(second === undefined ? first : join(this.#small));
    this.#small = [];
    this.#smallBytes = 0;
  }
}

/** Avoids `Buffer.concat`, which takes memory from Node's pool and would retain a piece of it. */
const join = (chunks: readonly Buffer[]): Buffer => {
  const joined = Buffer.allocUnsafeSlow(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(joined, at);
  return joined;
};

/** Bytes to store together, with the memory that they occupy. */
export interface Taken {
  chunks: Buffer[];
  bytes: number;
  /** Whether memory is reserved: for the whole part, with its tails. */
  isReserved: boolean;
  /** Counts the memory as free; current readers of the chunks may continue. Repeatable. */
  release: () => void;
  /** Frees the memory at once: the bytes are stored, and nothing reads the chunks. */
  discard: () => void;
}

/** Holds the bytes of one part as they arrive, counted in the budget. They are never copied into one buffer. */
export class PartBuffer {
  readonly #budget: MemoryBudget;
  readonly #holder: Holder;
  readonly #list = new ChunkList();
  #reservation: PartReservation | undefined;

  constructor(budget: MemoryBudget, holder: Holder) {
    this.#budget = budget;
    this.#holder = holder;
  }

  get bytes(): number {
    return this.#list.bytes;
  }

  get isReserved(): boolean {
    return this.#reservation !== undefined;
  }

  /** With a reservation: no more than was reserved. */
  add(bytes: Buffer): void {
    this.#list.add(bytes);
    if (this.#reservation === undefined) this.#budget.charge(this.#holder, bytes.length);
  }

  /** Whether there would be memory for a part of `size` bytes in all, without a wait. */
  hasFree(size: number): boolean {
    return this.#budget.hasFree(size);
  }

  /** Waits for memory for a part of `size` bytes in all; has none when the holder cancelled. */
  async reserve(size: number): Promise<void> {
    if (this.#reservation !== undefined) return;
    this.#reservation = await this.#budget.reserve(size, this.#holder);
    if (this.#reservation !== undefined) this.#budget.refund(this.#holder);
  }

  /** Returns everything and empties the buffer; the caller releases the memory. */
  take(): Taken {
    const { bytes, isReserved } = this;
    const chunks = this.#list.take();
    const release = this.#reservation?.release ?? (() => {});
    this.#reservation?.close();
    this.#reservation = undefined;
    this.#budget.refund(this.#holder);
    return { chunks, bytes, isReserved, release, discard: () => discardChunks(chunks) };
  }
}

/** Below this, an upload's bytes are kept as they arrive; above it, memory for the part must be reserved. */
const UNRESERVED_BYTES = 256 * 1_024;
/** A client that needs longer to fill a part gets no memory for it: its bytes are stored in small pieces. */
const FAST_FILL_MS = 15_000;
/** The same while memory is scarce: six parts that fill for many seconds would hold up all other clients. */
const FAST_FILL_SCARCE_MS = 4_000;
/** Time that a reservation waits for a byte while another upload waits for memory. */
const SILENT_MS = 3_000;

export const sizeInTails = (tails: readonly StoredTail[]): number =>
  tails.reduce((sum, { size_bytes }) => sum + size_bytes, 0);

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
    return !this.isReserved && this.bytes >= UNRESERVED_BYTES;
  }

  /** False with a full part, which waits for the storage. */
  get isSlow(): boolean {
    const now = performance.now();
    return this.bytes < this.#size() && (now - this.lastByteAt > SILENT_MS || this.isTooSlow(now));
  }

  isTooSlow(now: number): boolean {
    const fillMs = ((now - this.#firstByteAt) / this.bytes) * this.#size();
    const hasMemory = this.#buffer.hasFree(this.#inTails() + this.#size());
    return fillMs > (hasMemory ? FAST_FILL_MS : FAST_FILL_SCARCE_MS);
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
