interface Waiting {
  bytes: number;
  grant: () => void;
}

/** What all jobs together may keep in their folders. First come, first served: nothing large starves. */
export class DiskBudget {
  readonly total: number;
  #used = 0;
  readonly #waiting: Waiting[] = [];

  /** @param total bytes */
  constructor(total: number) {
    this.total = total;
  }

  get used(): number {
    return this.#used;
  }

  /** Runs `work` when there is room for it. @throws the signal's reason when aborted while waiting */
  async with<T>(bytes: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take(bytes, signal);
    try {
      return await work();
    } finally {
      this.#used -= bytes;
      this.#grant();
    }
  }

  async #take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal.reason);
        this.#grant();
      };
      const entry: Waiting = {
        bytes,
        grant: () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(entry);
      this.#grant();
    });
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#used + next.bytes > this.total) return;
      this.#used += next.bytes;
      this.#waiting.shift();
      next.grant();
    }
  }
}
