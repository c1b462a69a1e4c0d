interface Entry {
  readonly bytes: number;
  /** Who waited at the head of the queue when this one got its room before it. */
  overtook: Entry | undefined;
  grant: () => void;
}

/**
 * What all jobs together may keep in their folders.
 *
 * Who fits may overtake the head of the queue, so that a photo does not wait behind a huge video; but only into
 * what the head would leave free. So the head waits for those alone that were in work when it got there, and
 * nothing starves.
 */
export class DiskBudget {
  readonly total: number;
  readonly #waiting: Entry[] = [];
  readonly #working = new Set<Entry>();

  /** @param total bytes */
  constructor(total: number) {
    this.total = total;
  }

  get used(): number {
    return sum(this.#working);
  }

  /** Runs `work` when there is room for it. @throws the signal's reason when aborted while waiting */
  async with<T>(bytes: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const entry = await this.#take(bytes, signal);
    try {
      return await work();
    } finally {
      this.#working.delete(entry);
      this.#grant();
    }
  }

  async #take(bytes: number, signal: AbortSignal): Promise<Entry> {
    signal.throwIfAborted();
    return new Promise<Entry>((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal.reason);
        this.#grant();
      };
      const entry: Entry = {
        bytes,
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
      if (!this.#hasRoom(entry, head)) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.overtook = entry === head ? undefined : head;
      this.#working.add(entry);
      entry.grant();
    }
  }

  #hasRoom(entry: Entry, head: Entry | undefined): boolean {
    if (this.used + entry.bytes > this.total) return false;
    if (head === undefined || entry === head) return true;
    const overtakers = [...this.#working].filter(({ overtook }) => overtook === head);
    return head.bytes + sum(overtakers) + entry.bytes <= this.total;
  }
}

const sum = (entries: Iterable<Entry>): number => {
  let total = 0;
  for (const { bytes } of entries) total += bytes;
  return total;
};
