import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import type { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { until } from '../harness/until.ts';
import { BrowserWorld } from './browser-world.ts';
import { mediaOf, type SdkTab } from './sdk-tab.ts';

const FILE_BYTES = 8_000_000;
/** Slow enough to be interrupted midway, whatever the system holds in its buffers. */
const SLOW = { type: 'bandwidth', stream: 'upstream', attributes: { rate_kib_per_second: 1_500 } } as const;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

let world: BrowserWorld;
let ann: ChatUser;
let talk: string;

beforeAll(async () => {
  world = await BrowserWorld.start(inject('stack'));
  ann = world.ann;
  talk = await ann.startConversation('ben');
});
afterAll(() => world?.stop());
afterEach(({ task }) => world.printLogOfFailure(task));

const openTab = (keepBytesUpTo: number): Promise<SdkTab> =>
  world.openTab({ protocols: ['tus'], keepBytesUpTo });

test('a photo has its size and its blur before any byte is sent', async () => {
  const tab = await openTab(0);
  await tab.sendFile(here('../fixtures/china.jpg'), talk, 'a photo');
  await tab.page.waitForFunction(() => window.snapshots.at(-1)?.state === 'done');
  const first = await tab.page.evaluate(() => window.snapshots.find(({ placeholder }) => placeholder));
  expect(first).toMatchObject({ state: 'preparing', placeholder: { width: 640, height: 427 } });
  expect(first?.placeholder?.thumbhash).toMatch(/^[\w+/]{20,}=*$/);
  await tab.page.context().close();
});

test.each([
  ['its bytes are kept', FILE_BYTES],
  ['its bytes are shown again', 0],
])(
  'a reload on the way, %s: the upload resumes, and its message goes out once',
  async (how, keepBytesUpTo) => {
    const bytes = noise(FILE_BYTES);
    const file = await world.fileOf(bytes);
    const tab = await openTab(keepBytesUpTo);
    try {
      await world.apiLink.add('slow', SLOW);
      await tab.sendFile(file, talk, how);
      await tab.hasSent(FILE_BYTES / 2);
      await tab.reload();
      await world.heal();
      if (keepBytesUpTo === 0) {
        await tab.choose(file);
        await tab.page.evaluate(async () => {
          const [left] = await window.client.uploads.interrupted();
          const upload = await left?.resume(window.chosenFile());
          upload?.subscribe(() => window.snapshots.push(upload.get()));
        });
        const start = await tab.page.evaluate(async () => {
          await window.client.uploads.get()[0]?.done;
          return window.snapshots.find(({ progress }) => progress.sentBytes > 0)?.progress.sentBytes;
        });
        expect(start).toBeGreaterThan(FILE_BYTES / 10);
      }
      const isSent = async () => ((await mediaOf(ann, talk, how)).length > 0 ? true : undefined);
      await until(isSent, { withinMs: 30_000, what: 'the message to be sent' });
      const sent = await mediaOf(ann, talk, how);
      expect(sent).toHaveLength(1);
      await expectWhole(ann, sent[0] ?? '', bytes);
      await tab.keeps(0, 0);
    } finally {
      await world.heal();
      await tab.page.context().close();
    }
  },
);

test('a page whose stored data is deleted continues without waiting, and stores it again', async () => {
  const tab = await openTab(0);
  await tab.page.route('**/messages', (route) => route.abort());
  await tab.say('before', talk);
  await tab.keeps(1, 0);
  const deleted = await tab.page.evaluate(() => {
    const request = indexedDB.deleteDatabase('claimcheck');
    return new Promise((resolve) => {
      request.onsuccess = () => resolve('deleted');
      request.onblocked = () => resolve('blocked');
    });
  });
  expect(deleted).toBe('deleted');
  await tab.say('after', talk);
  await tab.keeps(1, 0);
  await tab.page.context().close();
});

test('without space for a file, the page knows after a reload that it has to be chosen again', async () => {
  const tab = await openTab(FILE_BYTES);
  const file = await world.fileOf(noise(FILE_BYTES), 'large.bin');
  try {
    const browser = await tab.page.context().newCDPSession(tab.page);
    const origin = new URL(tab.page.url()).origin;
    await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: FILE_BYTES / 2 });
    await world.apiLink.add('slow', SLOW);
    await tab.choose(file);
    const refusal = tab.page.waitForEvent('console', (told) => told.text().includes('QuotaExceeded'));
    await tab.page.evaluate(() => void window.client.upload(window.chosenFile()));
    await refusal;
    await tab.keeps(0, 1);
    await tab.reload();
    const left = await tab.page.evaluate(async () =>
      (await window.client.uploads.interrupted()).map(({ filename, error }) => [filename, error.code]),
    );
    expect(left).toEqual([['large.bin', 'file_missing']]);
  } finally {
    await world.heal();
    await tab.page.context().close();
  }
});
