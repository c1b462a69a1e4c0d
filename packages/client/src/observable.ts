/** A value that changes. Each change makes a new object, so callers can compare by identity. */
export interface Readable<State> {
  /** Returns the current value. */
  get(): State;
  /** Calls `listener` after each change. Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void;
}

export class Observable<State> implements Readable<State> {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  // Callers pass both around as bare functions, for example to React.
  readonly get = (): State => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  set(state: State): void {
    if (Object.is(state, this.#state)) return;
    this.#state = state;
    // A listener that throws is the host's defect: it must stop neither the other listeners nor the SDK.
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        reportError(error);
      }
    }
  }

  patch(patch: Partial<State>): void {
    this.set({ ...this.#state, ...patch });
  }
}

/** Reports an error where the platform shows uncaught errors, in a browser and in Node. */
const reportError = (error: unknown): void => {
  setTimeout(() => {
    throw error;
  });
};
