/** Counts the connections of each user, or of each address. */
export class ConnectionCounts {
  readonly #counts = new Map<string, number>();
  readonly #max: number;

  /** @param max connections of one key at a time */
  constructor(max: number) {
    this.#max = max;
  }

  isFull(key: string): boolean {
    return (this.#counts.get(key) ?? 0) >= this.#max;
  }

  /** @returns a function that subtracts it again; calling it twice is harmless */
  add(key: string): () => void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }
}
