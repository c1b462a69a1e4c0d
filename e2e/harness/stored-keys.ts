import type { Page } from 'playwright-core';

/** Returns the keys of the SDK's stored entries in a page's browser, for all tabs. */
export const storedKeys = (page: Page, kind: 'outgoing' | 'upload'): Promise<string[]> =>
  page.evaluate(async (wanted) => {
    const opened = indexedDB.open('claimcheck');
    await new Promise((resolve) => {
      opened.onsuccess = resolve;
    });
    const keys = opened.result.transaction('entries').objectStore('entries').getAllKeys();
    await new Promise((resolve) => {
      keys.onsuccess = resolve;
    });
    opened.result.close();
    return keys.result.map(String).filter((key) => key.includes(`|${wanted}|`));
  }, kind);
