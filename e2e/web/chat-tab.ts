import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { System } from '../harness/system.ts';

export const ARTEFACTS = fileURLToPath(new URL('../artefacts/', import.meta.url));

/** Twenty photos on a busy machine take their time. */
const PATIENCE_MS = 60_000;

export interface TabOptions extends BrowserContextOptions {
  /** Lifetime of the host's tokens; the demo requests another one in time. */
  tokenSeconds?: number;
}

export interface ChosenFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** The demo in a browser of its own, used by one person. */
export class ChatTab {
  readonly page: Page;
  readonly user: string;
  /** What went wrong in the page without a test asking for it. */
  readonly problems: string[] = [];

  private constructor(page: Page, user: string) {
    this.page = page;
    this.user = user;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  static async open(
    browser: Browser,
    system: System,
    user: string,
    { tokenSeconds, ...options }: TabOptions = {},
  ): Promise<ChatTab> {
    await mkdir(ARTEFACTS, { recursive: true });
    const context = await browser.newContext({ viewport: { width: 1_100, height: 780 }, ...options });
    const tab = new ChatTab(await context.newPage(), user);
    if (tokenSeconds !== undefined)
      await tab.page.route('**/v1/dev/login', (route) =>
        route.fulfill({ json: { token: system.tokenFor(user, { expiresIn: tokenSeconds }) } }),
      );
    await tab.page.goto(`${system.apiUrl}/?user=${user}`);
    return tab;
  }

  async startConversation(...members: string[]): Promise<void> {
    const before = this.page.url();
    await this.page.getByTestId('new-conversation-members').fill(members.join(' '));
    await this.page.getByTestId('new-conversation-submit').click();
    await this.page.waitForURL((url) => url.href !== before);
    await this.page.getByTestId('composer-text').waitFor();
  }

  async openConversation(): Promise<void> {
    await this.page.getByTestId('conversation-item').first().click();
    await this.page.getByTestId('composer-text').waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByTestId('composer-text').fill(text);
    await this.page.getByTestId('composer-text').press('Enter');
  }

  /** Chooses files, and sends them without a caption. @param files bytes, or paths of files */
  async choose(files: ChosenFile | ChosenFile[] | string): Promise<void> {
    await this.add(files);
    await this.page.getByTestId('composer-send').click();
  }

  /** Chooses files: they wait in the composer. */
  async add(files: ChosenFile | ChosenFile[] | string): Promise<void> {
    await this.page.getByTestId('composer-file').setInputFiles(files);
    await this.page.getByTestId('chosen-files').waitFor();
  }

  message(text: string): Locator {
    return this.page.getByTestId('message').filter({ hasText: text });
  }

  media(state: string): Locator {
    return this.page.locator(`[data-testid="media"][data-state="${state}"]`);
  }

  async setLine(mode: 'open' | 'slow' | 'crawl' | 'cut'): Promise<void> {
    const panel = this.page.getByTestId('line-mode');
    if (!(await panel.isVisible())) await this.page.getByTestId('network-toggle').click();
    await panel.locator(`input[value="${mode}"]`).check();
  }

  /** Waits until the first upload has sent at least this percentage. */
  async uploadedPercent(percent: number): Promise<void> {
    await this.page.waitForFunction((wanted) => {
      const bar = document.querySelector('[data-testid="upload-progress"]');
      return Number(bar?.getAttribute('data-percent')) >= wanted;
    }, percent);
  }

  async shoot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(ARTEFACTS, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
