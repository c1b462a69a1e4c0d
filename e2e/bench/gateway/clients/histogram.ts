const MAX_MS = 60_000;

/** Counts of whole milliseconds. */
export class Histogram {
  readonly #counts = new Uint32Array(MAX_MS + 1);
  #total = 0;

  add(ms: number): void {
    const slot = Math.min(MAX_MS, Math.max(0, Math.round(ms)));
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#total += 1;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** @param share 0.5 for the median; @returns milliseconds, 0 without values */
  percentile(share: number): number {
    const wanted = Math.ceil(this.#total * share);
    let seen = 0;
    for (const [ms, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return ms;
    }
    return MAX_MS;
  }
}
