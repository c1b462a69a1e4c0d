export type Release = () => void;

/**
 * Keeps other tabs away from a thing as long as this one works at it. Undefined when another tab holds it.
 * Where there are no locks (and so hardly other tabs) everybody gets it.
 */
export const holdLock = (name: string): Promise<Release | undefined> => request(name, { ifAvailable: true });

/** The same, but waits until the other tab is done, closed or gone. Rejects with the signal's reason. */
export const waitForLock = async (name: string, signal: AbortSignal): Promise<Release> =>
  (await request(name, { signal })) ?? (() => {});

const request = (name: string, options: LockOptions): Promise<Release | undefined> =>
  new Promise((resolve, reject) => {
    const locks = globalThis.navigator?.locks;
    if (locks === undefined) {
      resolve(() => {});
      return;
    }
    locks
      .request(`claimcheck/${name}`, options, (lock) => {
        if (lock === null) {
          resolve(undefined);
          return;
        }
        const released = Promise.withResolvers<void>();
        resolve(released.resolve);
        return released.promise;
      })
      // A sandboxed page has locks that it may not use.
      .catch((error) => (options.signal?.aborted ? reject(error) : resolve(() => {})));
  });
