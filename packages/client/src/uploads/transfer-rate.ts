/** Shortest time between two samples that count. */
const MIN_INTERVAL_MS = 200;
/** Weight of the newest sample. */
const WEIGHT = 0.3;

/** Computes a smoothed speed from the number of bytes sent over time. */
export class TransferRate {
  #bytesPerSecond = 0;
  #last: { bytes: number; at: number } | undefined;

  get bytesPerSecond(): number {
    return Math.round(this.#bytesPerSecond);
  }

  /** Restarts after a pause: earlier samples say nothing about the time since. */
  restart(): void {
    this.#last = undefined;
  }

  add(bytes: number, at: number): void {
    if (this.#last === undefined || bytes < this.#last.bytes) {
      this.#last = { bytes, at };
      return;
    }
    const interval = at - this.#last.at;
    if (interval < MIN_INTERVAL_MS) return;
    const current = ((bytes - this.#last.bytes) * 1_000) / interval;
    this.#bytesPerSecond =
      this.#bytesPerSecond === 0 ? current : WEIGHT * current + (1 - WEIGHT) * this.#bytesPerSecond;
    this.#last = { bytes, at };
  }

  remainingMs(bytesLeft: number): number | undefined {
    return this.#bytesPerSecond === 0 ? undefined : Math.round((bytesLeft * 1_000) / this.#bytesPerSecond);
  }
}
