import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { bundlePage } from '../clients/browser/bundle-page.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { until } from '../harness/until.ts';
import type {} from './page/sdk-page.ts';

const FILE_BYTES = 8_000_000;
/** Slow enough to be met on the way, whatever the system holds in its buffers. */
const SLOW = { type: 'bandwidth', stream: 'upstream', attributes: { rate_kib_per_second: 1_500 } } as const;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

let world: FaultySystem;
let browser: Browser;
let script: string;
let folder: string;
let ann: ChatUser;
let talk: string;

beforeAll(async () => {
  world = await startFaultySystem(inject('stack'), {
    TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}`,
  });
  ann = new ChatUser(world.system, 'ann');
  talk = await ann.startConversation('ben');
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-sdk-page-'));
  script = await bundlePage(here('page/sdk-page.ts'));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});
afterEach(({ task }) => printLogOfFailure(task, world));

const openPage = async (): Promise<Page> => {
  const page = await (await browser.newContext({ bypassCSP: true })).newPage();
  await page.goto(`${world.clientLink.url}/config.json`);
  return page;
};

/** Runs the SDK in the page as it is now. */
const openSdk = async (page: Page, keepBytesUpTo: number): Promise<void> => {
  await page.addScriptTag({ content: script });
  await page.evaluate(
    ([baseUrl, token, limit]) => {
      document.body.innerHTML = '<input type="file">';
      window.openSdk({ baseUrl, token, uploads: { protocols: ['tus'], keepBytesUpTo: limit } });
    },
    [world.clientLink.url, ann.token, keepBytesUpTo] as const,
  );
};

const sendFile = async (page: Page, file: string, text: string): Promise<void> => {
  await page.setInputFiles('input[type=file]', file);
  await page.evaluate(([to, words]) => window.sendChosen(to, words), [talk, text] as const);
};

const mediaOf = async (text: string): Promise<string[]> => {
  const { body } = await ann.call<{ messages: { body?: string; media_object_id: string }[] }>(
    'GET',
    `/v1/conversations/${talk}/messages`,
  );
  return body.messages.filter((message) => message.body === text).map((message) => message.media_object_id);
};

test('a photo has its size and its blur before a byte is sent', async () => {
  const page = await openPage();
  await openSdk(page, 0);
  await sendFile(page, here('../fixtures/china.jpg'), 'a photo');
  await page.waitForFunction(() => window.snapshots.at(-1)?.state === 'done');
  const first = await page.evaluate(() => window.snapshots.find(({ placeholder }) => placeholder));
  expect(first).toMatchObject({ state: 'preparing', placeholder: { width: 640, height: 427 } });
  expect(first?.placeholder?.thumbhash).toMatch(/^[\w+/]{20,}=*$/);
  await page.context().close();
});

test.each([
  ['its bytes are kept', FILE_BYTES],
  ['its bytes are shown again', 0],
])(
  'a reload on the way, %s: the upload goes on where it was, and its message goes out once',
  async (how, keepBytesUpTo) => {
    const bytes = randomBytes(FILE_BYTES);
    const file = join(folder, `${keepBytesUpTo}.bin`);
    await writeFile(file, bytes);
    const page = await openPage();
    try {
      await openSdk(page, keepBytesUpTo);
      await world.clientLink.add('slow', SLOW);
      await sendFile(page, file, how);
      await page.waitForFunction(
        (wanted) => (window.snapshots.at(-1)?.progress.sentBytes ?? 0) > wanted,
        FILE_BYTES / 2,
      );
      await page.reload();
      await openSdk(page, keepBytesUpTo);
      await world.heal();
      if (keepBytesUpTo === 0) {
        await page.setInputFiles('input[type=file]', file);
        await page.evaluate(async () => {
          await window.client.restored;
          const [left] = await window.client.uploads.interrupted();
          const chosen = document.querySelector<HTMLInputElement>('input[type=file]')?.files?.[0];
          const upload = await left?.resume(chosen);
          upload?.subscribe(() => window.snapshots.push(upload.get()));
        });
        const start = await page.evaluate(async () => {
          await window.client.uploads.get()[0]?.done;
          return window.snapshots.find(({ progress }) => progress.sentBytes > 0)?.progress.sentBytes;
        });
        expect(start).toBeGreaterThan(FILE_BYTES / 10);
      }
      const isSent = async () => ((await mediaOf(how)).length > 0 ? true : undefined);
      await until(isSent, { withinMs: 30_000, what: 'the message to be sent' });
      const sent = await mediaOf(how);
      expect(sent).toHaveLength(1);
      await expectWhole(ann, sent[0] ?? '', bytes);
      await page.waitForFunction(async () => (await window.client.uploads.interrupted()).length === 0);
    } finally {
      await world.heal();
      await page.context().close();
    }
  },
);
