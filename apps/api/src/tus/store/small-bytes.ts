/** Owner of buffered bytes that are not on their way to the storage. */
export interface Holder {
  /** Asked to write its bytes to the storage; it refunds them, or releases its reservation, when it has. */
  flush(): void;
  /** When its latest byte came; `performance.now()`. */
  readonly lastByteAt: number;
  /** Its client fills its part more slowly than one may while others wait. */
  readonly isSlow: boolean;
}

/**
 * Bytes that are kept as they come, without a reservation. Over the limit, the holders that were silent for
 * longest are asked to flush.
 */
export class SmallBytes {
  readonly #limit: number;
  readonly #held = new Map<Holder, number>();
  readonly #asked = new Map<Holder, number>();
  #total = 0;
  /** The share that holders were asked to flush and have not yet. */
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

  /** All bytes that were charged for this holder are gone, or counted elsewhere. */
  refund(holder: Holder): void {
    this.#total -= this.#held.get(holder) ?? 0;
    this.#held.delete(holder);
    this.#leaving -= this.#asked.get(holder) ?? 0;
    this.#asked.delete(holder);
  }

  /** Down to three quarters of the limit: to sort thousands of holders for each byte would cost more. */
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
