import { Store } from '../store/store.ts';

/** Sentences for screen readers, read out one after the other. */
export class Announcer {
  readonly store = new Store('');
  #repeats = false;

  /** Makes a repeated sentence look like a change, or it would be read out only once. */
  say(sentence: string): void {
    this.#repeats = !this.#repeats;
    this.store.update(() => (this.#repeats ? sentence : `${sentence}\u00a0`));
  }
}
