/** A value that changes: what is read is never changed itself, so that it can be compared by identity. */
export interface Readable<State> {
  /** As it is now. */
  get(): State;
  /** Calls `listener` after each change. Returns what ends that. */
  subscribe(listener: () => void): () => void;
}

export class Observable<State> implements Readable<State> {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  // Both are handed around as functions, to React for example.
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
    // A listener that throws is the host's defect: it must stop neither the others nor us.
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

/** Shown where uncaught errors are shown, in a browser and in Node. */
const reportError = (error: unknown): void => {
  setTimeout(() => {
    throw error;
  });
};
