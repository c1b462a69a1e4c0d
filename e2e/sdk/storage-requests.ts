import type { Page, Response } from 'playwright-core';

/** Records a page's requests to the storage, and the bytes that it sent through the api instead. */
export class StorageRequests {
  /** Of PUTs, in the order of the answers; `part` from 1 on, missing when it was a whole file. */
  readonly answers: { part: number | undefined; status: number }[] = [];
  /** Those that were never answered included. */
  puts = 0;
  patches = 0;

  constructor(page: Page, storageUrl: string) {
    page.on('request', (request) => {
      if (request.method() === 'PATCH') this.patches += 1;
      if (request.method() === 'PUT') this.puts += 1;
    });
    page.on('response', (response: Response) => {
      if (response.request().method() !== 'PUT' || !response.url().startsWith(storageUrl)) return;
      const part = new URL(response.url()).searchParams.get('partNumber');
      this.answers.push({ part: part === null ? undefined : Number(part), status: response.status() });
    });
  }

  clear(): void {
    this.answers.length = 0;
    this.puts = 0;
    this.patches = 0;
  }
}
