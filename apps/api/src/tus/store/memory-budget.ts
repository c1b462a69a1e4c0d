/** Somebody who holds bytes of an upload that are not on their way to the storage. */
export interface Holder {
  /** Asked to write its bytes away; it calls `give` when it has. */
  spill(): void;
  /** When its latest byte came; `performance.now()`. */
  readonly lastByteAt: number;
}

/**
 * Bytes of uploads in this process's memory. Small amounts are taken as they come; a whole part has to be
 * reserved first, and then it can be filled and sent without waiting for anybody: no two uploads can wait
 * for each other. Over the limit, whoever was silent for longest writes its bytes away.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #held = new Map<Holder, number>();
  readonly #asked = new Set<Holder>();
  readonly #waiting: { bytes: number; grant: () => void }[] = [];
  #used = 0;

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Bytes that are here already; never waits. */
  take(holder: Holder, bytes: number): void {
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + bytes);
    this.#used += bytes;
    if (this.#used > this.#limit) this.#relieve(this.#used - this.#limit);
  }

  /** All bytes that `take` counted for this holder are gone or counted elsewhere. */
  give(holder: Holder): void {
    this.#used -= this.#held.get(holder) ?? 0;
    this.#held.delete(holder);
    this.#asked.delete(holder);
    this.#grant();
  }

  /** Waits for room for a whole part, first come, first served. @returns how to give it back, once */
  async reserve(bytes: number): Promise<() => void> {
    const isFree = () => this.#used === 0 || this.#used + bytes <= this.#limit;
    if (this.#waiting.length > 0 || !isFree()) {
      this.#relieve(bytes);
      await new Promise<void>((resolve) => this.#waiting.push({ bytes, grant: resolve }));
    } else this.#used += bytes;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#used -= bytes;
      this.#grant();
    };
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#used > 0 && this.#used + next.bytes > this.#limit) return;
      this.#used += next.bytes;
      this.#waiting.shift();
      next.grant();
    }
  }

  #relieve(bytes: number): void {
    const longestSilentFirst = [...this.#held]
      .filter(([holder, held]) => held > 0 && !this.#asked.has(holder))
      .sort(([a], [b]) => a.lastByteAt - b.lastByteAt);
    let relieved = 0;
    for (const [holder, held] of longestSilentFirst) {
      if (relieved >= bytes) return;
      relieved += held;
      this.#asked.add(holder);
      holder.spill();
    }
  }
}
