import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../../harness/until.ts';
import type { PageReport, PageTask } from './page-upload.ts';

/** A blank page with an upload client in it. */
export class UploadPage {
  readonly #context: BrowserContext;
  readonly #page: Page;
  readonly #script: string;

  private constructor(context: BrowserContext, page: Page, script: string) {
    this.#context = context;
    this.#page = page;
    this.#script = script;
  }

  /** @param url any page of the wanted origin; @param script see bundlePage */
  static async open(browser: Browser, url: string, script: string): Promise<UploadPage> {
    // Our own page's policy allows only its own scripts.
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    const opened = new UploadPage(context, page, script);
    await page.goto(url);
    await opened.#prepare();
    return opened;
  }

  async start(file: string, task: PageTask): Promise<void> {
    await this.#page.setInputFiles('input[type=file]', file);
    await this.#page.evaluate((given) => {
      const chosen = document.querySelector<HTMLInputElement>('input[type=file]')?.files?.[0];
      if (chosen === undefined) throw new Error('no file was chosen');
      window.startUpload(chosen, given);
    }, task);
  }

  /** Leaves the page once this many bytes are sent, and opens it again. */
  async leaveAt(bytes: number): Promise<void> {
    await this.#until(
      (report) => report.sent >= bytes || report.url !== undefined,
      `${bytes} bytes to be sent`,
    );
    const { url } = await this.report();
    if (url !== undefined) throw new Error('the upload was done before the page was left');
    await this.#page.reload();
    await this.#prepare();
  }

  report(): Promise<PageReport> {
    return this.#page.evaluate(() => window.report);
  }

  /** Returns the report once the upload has succeeded or failed. */
  async outcome(): Promise<PageReport> {
    return this.#until(({ url, error }) => url !== undefined || error !== undefined, 'the upload to end');
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  #until(fits: (report: PageReport) => boolean, what: string): Promise<PageReport> {
    return until(
      async () => {
        const report = await this.report();
        return fits(report) ? report : undefined;
      },
      { withinMs: 60_000, what },
    );
  }

  async #prepare(): Promise<void> {
    await this.#page.evaluate(() => {
      document.body.innerHTML = '<input type="file">';
    });
    await this.#page.addScriptTag({ content: this.#script });
  }
}
