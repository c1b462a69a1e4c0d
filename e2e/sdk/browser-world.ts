import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UploadSettings } from '@claimcheck/client';
import type { Browser, BrowserContext } from 'playwright-core';
import { bundlePage } from '../clients/browser/bundle-page.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { type System, startSystem } from '../harness/system.ts';
import { type Link, Toxiproxy } from '../harness/toxiproxy.ts';
import { SdkTab } from './sdk-tab.ts';

/** The system, Chromium, and a fault proxy between the browser and api and storage. */
export class BrowserWorld {
  readonly system: System;
  readonly ann: ChatUser;
  /** From pages to the api, which is their origin. */
  readonly apiLink: Link;
  /** From pages to the storage; the api itself bypasses it. */
  readonly storageLink: Link;
  readonly #proxy: Toxiproxy;
  readonly #browser: Browser;
  readonly #script: string;
  readonly #folder: string;

  private constructor(parts: {
    system: System;
    links: { api: Link; storage: Link };
    proxy: Toxiproxy;
    browser: Browser;
    script: string;
    folder: string;
  }) {
    this.system = parts.system;
    this.ann = new ChatUser(parts.system, 'ann');
    this.apiLink = parts.links.api;
    this.storageLink = parts.links.storage;
    this.#proxy = parts.proxy;
    this.#browser = parts.browser;
    this.#script = parts.script;
    this.#folder = parts.folder;
  }

  static async start(
    stack: Record<string, string>,
    overrides: Record<string, string> = {},
  ): Promise<BrowserWorld> {
    const script = await bundlePage(fileURLToPath(new URL('page/sdk-page.ts', import.meta.url)));
    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-sdk-page-'));
    const proxy = await Toxiproxy.start();
    try {
      const storage = await proxy.link('storage', stack.S3_ENDPOINT ?? '');
      // The api's port is not known yet, but its public address must be.
      const api = await proxy.link('api', stack.S3_ENDPOINT ?? '');
      const system = await startSystem(stack, {
        TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}`,
        S3_PUBLIC_ENDPOINT: storage.url,
        PUBLIC_URL: api.url,
        ...overrides,
      });
      await api.pointAt(system.apiUrl);
      const browser = await launchChromium();
      return new BrowserWorld({ system, links: { api, storage }, proxy, browser, script, folder });
    } catch (error) {
      await proxy.stop();
      throw error;
    }
  }

  /** What tabs share. */
  newContext(): Promise<BrowserContext> {
    return this.#browser.newContext({ bypassCSP: true });
  }

  async openTab(
    uploads: Partial<UploadSettings>,
    {
      context,
      tokenOf = () => this.ann.token,
    }: { context?: BrowserContext; tokenOf?: (fresh: boolean) => string } = {},
  ): Promise<SdkTab> {
    const options = { baseUrl: this.apiLink.url, script: this.#script, uploads, tokenOf };
    return SdkTab.open(context ?? (await this.newContext()), options);
  }

  /** A file on the disk. */
  async fileOf(bytes: Buffer, name = 'random.bin'): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, bytes);
    return path;
  }

  async heal(): Promise<void> {
    await this.#proxy.heal();
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.#proxy.heal();
    await this.system.stop();
    await this.#proxy.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Prints the api's last output below a failed test. */
  printLogOfFailure(task: { result?: { state: string } | undefined }): void {
    if (task.result?.state === 'fail') console.log(this.system.apps.api.logTail(40));
  }
}
