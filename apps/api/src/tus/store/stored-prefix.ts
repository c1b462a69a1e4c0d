import type { StoredPart, StoredTail } from '../../media/uploads/upload-parts.ts';

/** Parts that may be counted: those without a gap before them. */
export interface Prefix {
  /** The number of the last one. */
  last: number;
  parts: StoredPart[];
  /** Tails that these parts absorbed. */
  tails: StoredTail[];
}

/**
 * Parts that the storage has, in whatever order it stored them. A missing one blocks all later ones: counting those would
 * leave a hole in the file.
 */
export class StoredPrefix {
  readonly #stored = new Map<number, { part: StoredPart; tails: StoredTail[] }>();
  #last: number;

  /** @param last number of the last part already counted; 0 without any */
  constructor(last: number) {
    this.#last = last;
  }

  add(part: StoredPart, tails: StoredTail[]): void {
    this.#stored.set(part.number, { part, tails });
  }

  /** Returns each part once. @returns undefined while the next one is missing */
  take(): Prefix | undefined {
    const parts: StoredPart[] = [];
    const tails: StoredTail[] = [];
    for (let next = this.#stored.get(this.#last + 1); next; next = this.#stored.get(this.#last + 1)) {
      parts.push(next.part);
      tails.push(...next.tails);
      this.#last += 1;
      this.#stored.delete(this.#last);
    }
    return parts.length === 0 ? undefined : { last: this.#last, parts, tails };
  }
}
