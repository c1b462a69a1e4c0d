/** What to do with an event: deliver it, ignore it, or fetch what is missing before it. */
export type Verdict = 'next' | 'seen' | 'gap';

/** A conversation's events have the numbers 1, 2, 3 …; each is delivered once and in order. */
export class Sequence {
  #last: number;
  #highest: number;

  /** `last` is the number of the last event that the caller knows about. */
  constructor(last: number) {
    this.#last = last;
    this.#highest = last;
  }

  get last(): number {
    return this.#last;
  }

  /** Whether an event was offered before all that precede it, and these have not come since. */
  get hasGap(): boolean {
    return this.#highest > this.#last;
  }

  offer(seq: number): Verdict {
    this.#highest = Math.max(this.#highest, seq);
    if (seq <= this.#last) return 'seen';
    if (seq > this.#last + 1) return 'gap';
    this.#last = seq;
    return 'next';
  }
}
