/** Starts one thing; stops trying when the signal fires. */
export type Start<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Starts several things in parallel: all of them, or none. When one fails or `signal` fires, it aborts the others, stops
 * those already started, and throws the first failure.
 */
export const startAll = async <Results extends readonly unknown[]>(
  starts: { readonly [Index in keyof Results]: Start<Results[Index]> },
  undo: (result: Results[number]) => Promise<void>,
  signal?: AbortSignal,
): Promise<Results> => {
  const failure = new AbortController();
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const running = starts.map((start) => start(either));
  try {
    const results = await Promise.all(running);
    signal?.throwIfAborted();
    // A mapped tuple comes back from map() and all() as a plain array of the same order and length.
    return results as unknown as Results;
  } catch (error) {
    failure.abort(error);
    for (const outcome of await Promise.allSettled(running)) {
      if (outcome.status === 'fulfilled') await undo(outcome.value as Results[number]);
    }
    throw error;
  }
};
