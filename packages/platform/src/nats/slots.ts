/** A place at work. Whoever takes one must release it, however the work ends. */
export interface Slot {
  /**
   * Says that this is large work. While as many as may are at it, it gives its place to others and waits.
   * @throws the signal's reason when aborted
   */
  becomeLarge(signal: AbortSignal): Promise<void>;
  release(): void;
}

interface Limits {
  total: number;
  /** How many of the places large work may have. */
  large: number;
}

/** First come, first served; what is small never waits for what is large. */
export class Slots {
  readonly #places: Semaphore;
  readonly #large: Semaphore;

  constructor({ total, large }: Limits) {
    this.#places = new Semaphore(total);
    this.#large = new Semaphore(large);
  }

  /** @throws the signal's reason when aborted */
  async take(signal: AbortSignal): Promise<Slot> {
    await this.#places.acquire(signal);
    let holdsPlace = true;
    let isLarge = false;
    const giveUpPlace = () => {
      if (holdsPlace) this.#places.release();
      holdsPlace = false;
    };
    return {
      becomeLarge: async (becoming) => {
        if (isLarge) return;
        if (!this.#large.tryAcquire()) {
          giveUpPlace();
          await this.#large.acquire(becoming);
          // Whoever had this turn before has left its place with it: no queueing behind those who only look
          // for work.
          holdsPlace = true;
        }
        isLarge = true;
      },
      release: () => {
        if (isLarge && this.#large.release()) holdsPlace = false;
        isLarge = false;
        giveUpPlace();
      },
    };
  }
}

class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  tryAcquire(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.tryAcquire()) return;
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(granted), 1);
        reject(signal.reason);
      };
      const granted = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      this.#waiting.push(granted);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** @returns whether somebody has waited for it */
  release(): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
    return next !== undefined;
  }
}
