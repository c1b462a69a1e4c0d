/** Owner of buffered bytes that are not in transit to the storage. */
export interface Holder {
  /** Asks it to write its bytes to the storage; afterwards it refunds them, or releases its reservation. */
  flush(): void;
  /** When its latest byte arrived; `performance.now()`. */
  readonly lastByteAt: number;
  /** Whether its client fills its part too slowly for a time when others wait. */
  readonly isSlow: boolean;
}

/**
 * Bytes that are kept as they arrive, without a reservation. Over the limit, it asks the holders that were silent for longest
 * to flush.
 */
export class SmallBytes {
  readonly #limit: number;
  readonly #held = new Map<Holder, number>();
  readonly #asked = new Map<Holder, number>();
  #total = 0;
  /** The share that holders were asked to flush and have not flushed yet. */
  #leaving = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get total(): number {
    return this.#total;
  }

  charge(holder: Holder, bytes: number): void {
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + bytes);
    this.#total += bytes;
    if (this.#total - this.#leaving > this.#limit) this.#evictLongestIdle();
  }

  /** Call it when all bytes charged for this holder are gone, or counted elsewhere. */
  refund(holder: Holder): void {
    this.#total -= this.#held.get(holder) ?? 0;
    this.#held.delete(holder);
    this.#leaving -= this.#asked.get(holder) ?? 0;
    this.#asked.delete(holder);
  }

  /** Flushes down to three quarters of the limit: sorting thousands of holders for each byte would cost more. */
  #evictLongestIdle(): void {
    const longestIdleFirst = [...this.#held]
      .filter(([holder]) => !this.#asked.has(holder))
      .sort(([a], [b]) => a.lastByteAt - b.lastByteAt);
    for (const [holder, held] of longestIdleFirst) {
      if (this.#total - this.#leaving <= (this.#limit * 3) / 4) return;
      this.#leaving += held;
      this.#asked.set(holder, held);
      holder.flush();
    }
  }
}
