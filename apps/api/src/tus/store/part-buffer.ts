import { ChunkList, discardChunks } from './chunk-list.ts';
import type { MemoryBudget, PartReservation } from './memory-budget.ts';
import type { Holder } from './small-bytes.ts';

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
