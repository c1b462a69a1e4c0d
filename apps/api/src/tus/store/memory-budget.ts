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

/** Memory for one part, to fill and send; released once, when the storage has the part. */
export interface PartReservation {
  /** No more bytes are awaited: the part is sent, and the reservation released, without any client. */
  close: () => void;
  /** Repeatable. */
  release: () => void;
}

interface Waiter {
  holder: Holder | undefined;
  bytes: number;
  /** Called with whether there is memory. */
  resolve: (granted: boolean) => void;
}

/** Interval at which holders are checked for slowness, while another waits. */
const CHECK_MS = 500;

/**
 * Limits the bytes of uploads in this process's memory. Small amounts are charged as they arrive, up to half of the limit.
 * Memory for a part must be reserved first; filling and sending the part then waits for no other upload, so no two can wait
 * for each other. While an upload waits, holders that fill their part slowly are asked to flush.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #small: SmallBytes;
  #reserved = 0;
  #waiting: Waiter[] = [];
  /** Reservations that wait for bytes of clients. */
  readonly #filling = new Map<PartReservation, Holder>();
  #checking: NodeJS.Timeout | undefined;

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
    // Reservations are released before long; small amounts may stay for hours.
    this.#small = new SmallBytes(limit / 2);
  }

  get used(): number {
    return this.#small.total + this.#reserved;
  }

  /** Counts bytes that have already arrived; never waits. */
  charge(holder: Holder, bytes: number): void {
    this.#small.charge(holder, bytes);
  }

  /** Call it when all bytes that `charge` counted for this holder are gone, or counted elsewhere. */
  refund(holder: Holder): void {
    this.#small.refund(holder);
    this.#admitWaiters();
  }

  /**
   * Waits for memory, first come, first served.
   *
   * @param holder the owner that fills the part at a client's speed; a caller that fills it by itself passes none, and is not
   *   asked to hurry
   * @returns undefined after {@link cancelReservation}
   */
  async reserve(bytes: number): Promise<PartReservation>;
  async reserve(bytes: number, holder: Holder): Promise<PartReservation | undefined>;
  async reserve(bytes: number, holder?: Holder): Promise<PartReservation | undefined> {
    if (!this.hasFree(bytes)) {
      if (!(await this.#wait(bytes, holder))) return undefined;
    } else this.#reserved += bytes;
    let isReleased = false;
    const reservation: PartReservation = {
      close: () => this.#filling.delete(reservation),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        reservation.close();
        this.#reserved -= bytes;
        this.#admitWaiters();
      },
    };
    if (holder !== undefined) this.#filling.set(reservation, holder);
    return reservation;
  }

  /** Whether a reservation would be granted without a wait. */
  hasFree(bytes: number): boolean {
    return this.#waiting.length === 0 && this.#fits(bytes);
  }

  /** This holder no longer waits for memory. */
  cancelReservation(holder: Holder): void {
    const leaving = this.#waiting.filter((waiter) => waiter.holder === holder);
    this.#waiting = this.#waiting.filter((waiter) => waiter.holder !== holder);
    for (const { resolve } of leaving) resolve(false);
    this.#admitWaiters();
  }

  #wait(bytes: number, holder: Holder | undefined): Promise<boolean> {
    const granted = new Promise<boolean>((resolve) => this.#waiting.push({ holder, bytes, resolve }));
    this.#flushSlowWriters();
    this.#checking ??= setInterval(() => this.#flushSlowWriters(), CHECK_MS).unref();
    return granted;
  }

  #flushSlowWriters(): void {
    for (const holder of this.#filling.values()) if (holder.isSlow) holder.flush();
  }

  /** Whether it fits. Without another reservation it always does: parts of very large uploads are large. */
  #fits(bytes: number): boolean {
    return this.#reserved === 0 || this.used + bytes <= this.#limit;
  }

  #admitWaiters(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#fits(next.bytes)) return;
      this.#reserved += next.bytes;
      this.#waiting.shift();
      next.resolve(true);
    }
    clearInterval(this.#checking);
    this.#checking = undefined;
  }
}
