import type { Holder, MemoryBudget, Room } from './memory-budget.ts';

/** Bytes that are to be stored together, with the memory that they occupy. */
export interface Taken {
  chunks: Buffer[];
  bytes: number;
  giveBack: () => void;
}

/**
 * The bytes of one part while they come. The first are kept as they are; with room reserved, all are copied
 * into one buffer that lives on: the network's many small buffers die young, which is cheap.
 */
export class PartBuffer {
  readonly #budget: MemoryBudget;
  readonly #holder: Holder;
  #chunks: Buffer[] = [];
  #room: Room | undefined;
  #bytes = 0;

  constructor(budget: MemoryBudget, holder: Holder) {
    this.#budget = budget;
    this.#holder = holder;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get hasRoom(): boolean {
    return this.#room !== undefined;
  }

  /** With room: no more than was reserved. */
  add(bytes: Buffer): void {
    if (this.#room === undefined) {
      this.#chunks.push(bytes);
      this.#budget.take(this.#holder, bytes.length);
    } else bytes.copy(this.#room.buffer, this.#bytes);
    this.#bytes += bytes.length;
  }

  /** Waits for room for a part of `size` bytes in all; without it when the holder has withdrawn. */
  async reserve(size: number): Promise<void> {
    if (this.#room !== undefined) return;
    const room = await this.#budget.reserve(size, this.#holder);
    if (room === undefined) return;
    let at = 0;
    for (const chunk of this.#chunks) at += chunk.copy(room.buffer, at);
    this.#room = room;
    this.#chunks = [];
    this.#budget.give(this.#holder);
  }

  /** Everything, and the buffer is empty; the caller gives the memory back. */
  take(): Taken {
    const room = this.#room;
    room?.close();
    const taken = {
      chunks: room === undefined ? this.#chunks : [room.buffer.subarray(0, this.#bytes)],
      bytes: this.#bytes,
      giveBack: room?.giveBack ?? (() => {}),
    };
    this.#chunks = [];
    this.#room = undefined;
    this.#bytes = 0;
    this.#budget.give(this.#holder);
    return taken;
  }
}
