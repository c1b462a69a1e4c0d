import type { UploadOptions, UploadSettings } from '@claimcheck/client';
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { storedKeys } from '../harness/stored-keys.ts';
import type {} from './page/sdk-page.ts';

export interface SdkTabOptions {
  /** Where the page is from, and its api. */
  baseUrl: string;
  /** `sdk-page.ts`, bundled. */
  script: string;
  uploads?: Partial<UploadSettings>;
  /** The host's backend. */
  tokenOf: (fresh: boolean) => string;
}

/** A page in Chromium with a client of the SDK; tabs of one context share what the browser keeps. */
export class SdkTab {
  readonly page: Page;
  readonly #options: SdkTabOptions;

  private constructor(page: Page, options: SdkTabOptions) {
    this.page = page;
    this.#options = options;
  }

  static async open(context: BrowserContext, options: SdkTabOptions): Promise<SdkTab> {
    const tab = new SdkTab(await context.newPage(), options);
    await tab.page.exposeFunction('tokenOf', options.tokenOf);
    await tab.page.goto(`${options.baseUrl}/config.json`);
    await tab.#prepare();
    await tab.start();
    return tab;
  }

  async reload(): Promise<void> {
    await this.leave();
    await this.start();
  }

  /** The page's memory is lost, and no part of the SDK runs. */
  async leave(): Promise<void> {
    await this.page.reload();
    await this.#prepare();
  }

  async start(): Promise<void> {
    const { baseUrl, uploads = {} } = this.#options;
    await this.page.evaluate((given) => window.openSdk(given), { baseUrl, uploads });
    await this.page.evaluate(() => window.client.restored);
  }

  async #prepare(): Promise<void> {
    await this.page.setContent('<input type="file">');
    await this.page.addScriptTag({ content: this.#options.script });
  }

  async choose(file: string): Promise<void> {
    await this.page.setInputFiles('input[type=file]', file);
  }

  /** Uploads a file from the disk, and sends it as a message. */
  async sendFile(
    file: string,
    conversationId: string,
    text: string,
    options: Pick<UploadOptions, 'protocols'> = {},
  ): Promise<void> {
    await this.choose(file);
    await this.page.evaluate(([to, words, given]) => window.sendFile(window.chosenFile(), to, words, given), [
      conversationId,
      text,
      options,
    ] as const);
  }

  async say(text: string, conversationId: string): Promise<void> {
    await this.page.evaluate(([to, words]) => void window.client.messages.send(to, { text: words }), [
      conversationId,
      text,
    ] as const);
  }

  async hasSent(bytes: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => (window.snapshots.at(-1)?.progress.sentBytes ?? 0) > wanted,
      bytes,
    );
  }

  /** So many messages and uploads are left to be sent, of all tabs. */
  async keeps(messages: number, uploads: number): Promise<void> {
    const count = async () => ({
      messages: (await storedKeys(this.page, 'outgoing')).length,
      uploads: (await storedKeys(this.page, 'upload')).length,
    });
    await expect.poll(count, { timeout: 20_000 }).toEqual({ messages, uploads });
  }

  /** Nothing is left to be sent, and what the message with this text refers to is whole. */
  async expectSent(sent: {
    sender: ChatUser;
    conversationId: string;
    text: string;
    bytes: Buffer;
  }): Promise<void> {
    await this.page.waitForFunction(() => window.client.messages.outgoing.get().length === 0, undefined, {
      timeout: 60_000,
    });
    const [id = ''] = await mediaOf(sent.sender, sent.conversationId, sent.text);
    await expectWhole(sent.sender, id, sent.bytes);
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}

/** What messages with this text refer to, as the server has them. */
export const mediaOf = async (user: ChatUser, conversationId: string, text: string): Promise<string[]> => {
  const { body } = await user.call<{ messages: { body?: string; media_object_id: string }[] }>(
    'GET',
    `/v1/conversations/${conversationId}/messages`,
  );
  return body.messages.filter((message) => message.body === text).map((message) => message.media_object_id);
};
