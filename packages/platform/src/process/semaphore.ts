/** Admits a fixed number of holders at a time; the others wait in order. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Number of waiting callers. */
  get waiting(): number {
    return this.#waiting.length;
  }

  tryAcquire(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** @throws the signal's reason when aborted while waiting */
  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryAcquire()) return;
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(granted), 1);
        reject(signal?.reason);
      };
      const granted = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      this.#waiting.push(granted);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /**
   * Call it exactly once for each `acquire`. The longest waiter gets the slot: a newcomer cannot slip in between.
   *
   * @returns whether a caller was waiting for it
   */
  release(): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
    return next !== undefined;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.acquire();
    try {
      return await work();
    } finally {
      this.release();
    }
  }
}
