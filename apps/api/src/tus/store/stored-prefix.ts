import type { StoredPart, StoredTail } from '../../media/uploads/upload-parts.ts';

/** Parts that may be counted: those without a gap before them. */
export interface Prefix {
  /** The number of the last one. */
  last: number;
  parts: StoredPart[];
  /** Tails that these parts took in. */
  tails: StoredTail[];
}

/**
 * Parts that the storage has, in whatever order it took them. One that is missing holds up all behind it:
 * counting those would leave a hole in the file.
 */
export class StoredPrefix {
  readonly #stored = new Map<number, { part: StoredPart; tails: StoredTail[] }>();
  #last: number;

  /** @param last number of the last part that is counted already; 0 when none is */
  constructor(last: number) {
    this.#last = last;
  }

  add(part: StoredPart, tails: StoredTail[]): void {
    this.#stored.set(part.number, { part, tails });
  }

  /** Each part is given out once. @returns undefined when the next one is not there yet */
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
