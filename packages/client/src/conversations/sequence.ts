/** What to do with an event: deliver it, ignore it, or fetch the missing ones before it. */
export type Verdict = 'next' | 'seen' | 'gap';

/** Numbers a conversation's events 1, 2, 3 …, and delivers each once and in order. */
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

  /** Returns whether an event arrived before its predecessors, and they are still missing. */
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
