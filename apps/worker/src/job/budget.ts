interface Entry {
  readonly amount: number;
  /** The head of the queue that this job overtook. */
  overtook: Entry | undefined;
  grant: () => void;
}

/**
 * A shared amount, such as bytes of disk, which jobs reserve while they work.
 *
 * A job that fits may overtake the head of the queue, so that a photo does not wait behind a huge video; but only within the
 * space that the head would leave free. So the head waits only for jobs that were running when it became the head, and
 * nothing starves.
 */
export class Budget {
  readonly total: number;
  readonly #waiting: Entry[] = [];
  readonly #working = new Set<Entry>();

  constructor(total: number) {
    this.total = total;
  }

  get used(): number {
    return sum(this.#working);
  }

  /** Runs `work` when its amount is free. @throws the signal's reason when aborted while waiting */
  async with<T>(amount: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const entry = await this.#take(amount, signal);
    try {
      return await work();
    } finally {
      this.#working.delete(entry);
      this.#grant();
    }
  }

  async #take(amount: number, signal: AbortSignal): Promise<Entry> {
    signal.throwIfAborted();
    return new Promise<Entry>((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal.reason);
        this.#grant();
      };
      const entry: Entry = {
        amount,
        overtook: undefined,
        grant: () => {
          signal.removeEventListener('abort', abort);
          resolve(entry);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(entry);
      this.#grant();
    });
  }

  #grant(): void {
    for (const entry of [...this.#waiting]) {
      const [head] = this.#waiting;
      if (!this.#fits(entry, head)) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.overtook = entry === head ? undefined : head;
      this.#working.add(entry);
      entry.grant();
    }
  }

  #fits(entry: Entry, head: Entry | undefined): boolean {
    if (this.used + entry.amount > this.total) return false;
    if (head === undefined || entry === head) return true;
    const overtakers = [...this.#working].filter(({ overtook }) => overtook === head);
    return head.amount + sum(overtakers) + entry.amount <= this.total;
  }
}

const sum = (entries: Iterable<Entry>): number => {
  let total = 0;
  for (const { amount } of entries) total += amount;
  return total;
};
