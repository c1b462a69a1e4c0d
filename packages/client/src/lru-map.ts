/**
 * Keeps the values used most recently and all that are in use. Beyond `limit` it drops unused values, so that a page
 * or a bot that lives for months does not grow.
 */
export class LruMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #limit: number;
  readonly #isInUse: (value: Value) => boolean;

  constructor(limit: number, isInUse: (value: Value) => boolean = () => false) {
    this.#limit = limit;
    this.#isInUse = isInUse;
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#limit) this.#shrink(key);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  values(): IterableIterator<Value> {
    return this.#values.values();
  }

  #shrink(newest: string): void {
    for (const [key, value] of this.#values) {
      if (key === newest || this.#isInUse(value)) continue;
      this.#values.delete(key);
      return;
    }
  }
}
