/**
 * Answers equal questions with one read. Only a read that has not started is shared, so an answer is never older than its
 * question; questions that arrive during a read of their key wait for the next one.
 */
export class SharedReads<Result> {
  readonly #begin: (read: () => Promise<Result>) => Promise<Result>;
  readonly #onShared: () => void;
  readonly #waiting = new Map<string, Promise<Result>>();
  readonly #running = new Map<string, Promise<unknown>>();

  /**
   * @param begin runs a read when its turn has come
   * @param onShared called for each question that needed no read of its own
   */
  constructor(begin: (read: () => Promise<Result>) => Promise<Result>, onShared: () => void) {
    this.#begin = begin;
    this.#onShared = onShared;
  }

  ask(key: string, read: () => Promise<Result>): Promise<Result> {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      this.#onShared();
      return waiting;
    }
    const asked = this.#afterRunning(key, read);
    this.#waiting.set(key, asked);
    return asked;
  }

  async #afterRunning(key: string, read: () => Promise<Result>): Promise<Result> {
    await this.#running.get(key)?.catch(() => {});
    return this.#begin(() => this.#run(key, read));
  }

  async #run(key: string, read: () => Promise<Result>): Promise<Result> {
    this.#waiting.delete(key);
    const running = read();
    this.#running.set(key, running);
    try {
      return await running;
    } finally {
      this.#running.delete(key);
    }
  }
}
