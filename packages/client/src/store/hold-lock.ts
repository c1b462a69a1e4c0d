export type Release = () => void;

/**
 * Takes a lock that keeps other tabs away. Returns undefined when another tab holds it. A platform without locks hardly
 * has other tabs, so every caller gets it.
 */
export const holdLock = (name: string): Promise<Release | undefined> => request(name, { ifAvailable: true });

/** Does the same, but waits until the other tab releases the lock or closes. Rejects with the signal's reason. */
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
