/**
 * Keeps other tabs away from a thing as long as this one works at it. Undefined when another tab holds it.
 * Where there are no locks (and so hardly other tabs) everybody gets it.
 */
export const holdLock = (name: string): Promise<(() => void) | undefined> =>
  new Promise((resolve) => {
    const locks = globalThis.navigator?.locks;
    if (locks === undefined) {
      resolve(() => {});
      return;
    }
    locks
      .request(`claimcheck/${name}`, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(undefined);
          return;
        }
        const released = Promise.withResolvers<void>();
        resolve(released.resolve);
        return released.promise;
      })
      // A sandboxed page has locks that it may not use.
      .catch(() => resolve(() => {}));
  });
