import type { Readable } from '@claimcheck/client';

/** State that React can watch, like the SDK's. */
export class Store<State> implements Readable<State> {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  readonly get = (): State => this.#state;

  update(change: (state: State) => State): void {
    this.#state = change(this.#state);
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}
