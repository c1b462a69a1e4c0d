import { MIB } from '@claimcheck/contracts/limits';
/** Owner of buffered bytes that are not on their way to the storage. */
export interface Holder {
  /** Asked to write its bytes away; it calls `give`, or gives its room back, when it has. */
  spill(): void;
  /** When its latest byte came; `performance.now()`. */
  readonly lastByteAt: number;
  /** Its client fills its room more slowly than one may while others wait. */
  readonly isSlow: boolean;
}

/** Room for one part, to be filled and sent; given back once, when the storage has it. */
export interface Room {
  buffer: Buffer;
  /** No bytes are waited for any more: it is released by itself. */
  close: () => void;
  giveBack: () => void;
}

interface Waiter {
  holder: Holder | undefined;
  bytes: number;
  /** Called with whether there is room. */
  settle: (granted: boolean) => void;
}

/** Buffers are kept and used again: fresh ones of this size cost more in page faults and collection. */
const SIZES = [MIB, 8 * MIB];

/** Interval at which holders are checked for slowness, while another waits. */
const LOOK_MS = 500;

const sizeFor = (bytes: number): number => SIZES.find((size) => bytes <= size) ?? bytes;

/**
 * Bytes of uploads in this process's memory. Small amounts are taken as they come. Room for a part must be
 * reserved first; filling and sending it then waits for no other upload, so no two can wait for each other.
 * Over the limit, the holder that was silent for longest writes its bytes away. While an upload waits for
 * room, so does a holder that fills its room slowly.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #held = new Map<Holder, number>();
  readonly #asked = new Map<Holder, number>();
  #waiting: Waiter[] = [];
  /** Rooms that wait for bytes of clients. */
  readonly #filling = new Map<Room, Holder>();
  #looking: NodeJS.Timeout | undefined;
  readonly #free = new Map<number, Buffer[]>();
  /** Small amounts and rooms. */
  #used = 0;
  #small = 0;
  /** The share of the small amounts that holders were asked to write away and have not yet. */
  #leaving = 0;

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
    this.#small += bytes;
    // Rooms come back when they are asked for, small amounts may wait for hours.
    if (this.#small - this.#leaving > this.#limit / 2) this.#relieve();
  }

  /** All bytes that `take` counted for this holder are gone or counted elsewhere. */
  give(holder: Holder): void {
    const bytes = this.#held.get(holder) ?? 0;
    this.#used -= bytes;
    this.#small -= bytes;
    this.#held.delete(holder);
    this.#leaving -= this.#asked.get(holder) ?? 0;
    this.#asked.delete(holder);
    this.#grant();
  }

  /**
   * Waits for room, first come, first served.
   *
   * @param holder the owner that fills the room at a client's speed; a caller that fills it by itself passes none
   *   and is not asked to hurry
   * @returns undefined after {@link withdraw}
   */
  async reserve(bytes: number): Promise<Room>;
  async reserve(bytes: number, holder: Holder): Promise<Room | undefined>;
  async reserve(bytes: number, holder?: Holder): Promise<Room | undefined> {
    const size = sizeFor(bytes);
    if (this.#waiting.length > 0 || !this.#fits(size)) {
      if (!(await this.#wait(size, holder))) return undefined;
    } else this.#used += size;
    const buffer = this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
    let given = false;
    const room: Room = {
      buffer,
      close: () => this.#filling.delete(room),
      giveBack: () => {
        if (given) return;
        given = true;
        room.close();
        this.#used -= size;
        this.#keep(buffer);
        this.#grant();
      },
    };
    if (holder !== undefined) this.#filling.set(room, holder);
    return room;
  }

  /** This holder waits for room no longer. */
  withdraw(holder: Holder): void {
    const leaving = this.#waiting.filter((waiter) => waiter.holder === holder);
    this.#waiting = this.#waiting.filter((waiter) => waiter.holder !== holder);
    for (const { settle } of leaving) settle(false);
    this.#grant();
  }

  #wait(bytes: number, holder: Holder | undefined): Promise<boolean> {
    const granted = new Promise<boolean>((settle) => this.#waiting.push({ holder, bytes, settle }));
    this.#askSlow();
    this.#looking ??= setInterval(() => this.#askSlow(), LOOK_MS).unref();
    return granted;
  }

  #askSlow(): void {
    for (const holder of this.#filling.values()) if (holder.isSlow) holder.spill();
  }

  /** With no other room taken there is always one: parts of very large uploads are large. */
  #fits(bytes: number): boolean {
    return this.#used === this.#small || this.#used + bytes <= this.#limit;
  }

  #keep(buffer: Buffer): void {
    if (!SIZES.includes(buffer.length)) return;
    const free = this.#free.get(buffer.length) ?? [];
    this.#free.set(buffer.length, free);
    const kept = [...this.#free.values()].reduce(
      (sum, list) => sum + list.length * (list[0]?.length ?? 0),
      0,
    );
    if (this.#used + kept + buffer.length <= this.#limit) free.push(buffer);
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#fits(next.bytes)) return;
      this.#used += next.bytes;
      this.#waiting.shift();
      next.settle(true);
    }
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** Down to three quarters of what they may have: to sort thousands of holders for each byte would cost more. */
  #relieve(): void {
    const longestSilentFirst = [...this.#held]
      .filter(([holder]) => !this.#asked.has(holder))
      .sort(([a], [b]) => a.lastByteAt - b.lastByteAt);
    for (const [holder, held] of longestSilentFirst) {
      if (this.#small - this.#leaving <= (this.#limit * 3) / 8) return;
      this.#leaving += held;
      this.#asked.set(holder, held);
      holder.spill();
    }
  }
}
