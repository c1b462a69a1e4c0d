import { Store } from '../store/store.ts';

/** Sentences for screen readers, said one after the other. */
export class Announcer {
  readonly store = new Store('');
  #repeats = false;

  /** The same sentence twice in a row has to look like a change, or it is read out once only. */
  say(sentence: string): void {
    this.#repeats = !this.#repeats;
    this.store.update(() => (this.#repeats ? sentence : `${sentence}\u00a0`));
  }
}
