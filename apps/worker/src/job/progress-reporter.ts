const INTERVAL_MS = 1_000;

/**
 * Reports progress at most once a second, and only when it has changed. A failed report is dropped, because the next one
 * replaces it.
 */
export class ProgressReporter {
  readonly #send: (percent: number) => Promise<void>;
  readonly #now: () => number;
  #lastPercent = 0;
  #lastTime = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> = Promise.resolve();

  /** @param now milliseconds, monotonic */
  constructor(send: (percent: number) => Promise<void>, now: () => number = () => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  report(percent: number): void {
    const time = this.#now();
    if (percent <= this.#lastPercent || time - this.#lastTime < INTERVAL_MS) return;
    this.#lastPercent = percent;
    this.#lastTime = time;
    this.#pending = this.#pending.then(() => this.#send(percent)).catch(() => undefined);
  }

  /** Resolves when everything reported so far is sent. */
  async flush(): Promise<void> {
    await this.#pending;
  }
}
