import type { ConversationEvent } from '@claimcheck/contracts/socket-events';

// More than a short reordering needs. Beyond it the log is read anyway, so dropping events loses nothing.
const MAX_HELD = 64;

/** Puts a conversation's events into the order of their `seq`, each exactly once, whatever order they arrive in. */
export class EventOrder {
  readonly #held = new Map<number, ConversationEvent>();
  #position: number;

  /** @param position the last seq that counts as already released */
  constructor(position: number) {
    this.#position = position;
  }

  /** The last seq that was released. */
  get position(): number {
    return this.#position;
  }

  /** Returns whether events wait for one that has not arrived. */
  get hasGap(): boolean {
    return this.#held.size > 0;
  }

  /** @returns the events whose turn has come, in order; empty when `event` is a repetition or too early. */
  take(event: ConversationEvent): ConversationEvent[] {
    if (event.seq <= this.#position) return [];
    if (event.seq > this.#position + 1) {
      this.#hold(event);
      return [];
    }
    const released = [event];
    this.#position = event.seq;
    for (let next = this.#held.get(this.#position + 1); next; next = this.#held.get(this.#position + 1)) {
      this.#held.delete(next.seq);
      this.#position = next.seq;
      released.push(next);
    }
    return released;
  }

  /** Continues after `position`, and drops the events that it held. */
  restart(position: number): void {
    this.#held.clear();
    this.#position = position;
  }

  #hold(event: ConversationEvent): void {
    if (this.#held.size < MAX_HELD) this.#held.set(event.seq, event);
  }
}
