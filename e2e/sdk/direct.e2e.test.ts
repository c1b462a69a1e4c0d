import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { allowCrossOrigin, forbidCrossOrigin, uploadsFrom } from '../harness/allow-cross-origin.ts';
import { DirectUploader } from '../harness/direct-upload.ts';
import { noise } from '../harness/noise.ts';
import { until } from '../harness/until.ts';
import { BrowserWorld } from './browser-world.ts';
import type { SdkTab } from './sdk-tab.ts';
import { StorageRequests } from './storage-requests.ts';

const MIB = 1_024 ** 2;
const PART = 16 * MIB;
/** Four parts, and a fifth that is not full. */
const FILE_BYTES = 4 * PART + 6 * MIB;
/** Of each connection: four seconds for a part. */
const SLOW = { type: 'bandwidth', stream: 'upstream', attributes: { rate_kib_per_second: 4_096 } } as const;

/** More than go at the same time. */
const MANY = 12;

let world: BrowserWorld;
let ann: DirectUploader;
let talk: string;
let tab: SdkTab;
let requests: StorageRequests;

beforeAll(async () => {
  world = await BrowserWorld.start(inject('stack'));
  ann = new DirectUploader(world.ann);
});
afterAll(async () => {
  await forbidCrossOrigin(inject('stack'));
  await world?.stop();
});
beforeEach(async () => {
  await allowCrossOrigin(inject('stack'), uploadsFrom(world.apiLink.url));
  talk = await ann.user.startConversation('ben');
  tab = await world.openTab({ keepBytesUpTo: FILE_BYTES });
  requests = new StorageRequests(tab.page, world.storageLink.url);
});
afterEach(async ({ task }) => {
  world.printLogOfFailure(task);
  await world.storageLink.join();
  await world.heal();
  await tab.page.context().close();
});

const expectSent = (text: string, bytes: Buffer): Promise<void> =>
  tab.expectSent({ sender: ann.user, conversationId: talk, text, bytes });

test('a file goes to the storage in one PUT, past the api', async () => {
  const bytes = noise(3_000_000);
  await tab.sendFile(await world.fileOf(bytes), talk, 'put');
  await expectSent('put', bytes);
  expect(requests.answers).toEqual([{ part: undefined, status: 200 }]);
  expect(requests.patches).toBe(0);
});

test('cut in the middle of its parts, the page reloaded: only those that are missing are sent', async () => {
  const bytes = noise(FILE_BYTES);
  await world.storageLink.add('slow', SLOW);
  await tab.sendFile(await world.fileOf(bytes), talk, 'parts');
  const id = await until(() => tab.page.evaluate(() => window.snapshots.at(-1)?.mediaObjectId), {
    withinMs: 20_000,
    what: 'the upload to have a name',
  });
  await until(async () => ((await ann.parts(id)).body.finished.length >= 3 ? true : undefined), {
    withinMs: 60_000,
    what: 'three parts to be stored',
  });
  await world.storageLink.cut();
  await tab.page.waitForFunction(() => window.snapshots.at(-1)?.state === 'waiting');
  const missing = (await ann.parts(id)).body.parts.map(({ number }) => number);
  expect(missing).toEqual([4, 5]);
  await tab.leave();
  await world.storageLink.join();
  await world.heal();
  requests.clear();
  await tab.start();
  await expectSent('parts', bytes);
  expect(requests.answers.toSorted((a, b) => (a.part ?? 0) - (b.part ?? 0))).toEqual([
    { part: 4, status: 200 },
    { part: 5, status: 200 },
  ]);
  expect(requests.patches).toBe(0);
});

test('a page resumes by itself after the storage was unreachable for a while', async () => {
  const bytes = noise(FILE_BYTES);
  await world.storageLink.add('slow', SLOW);
  await tab.sendFile(await world.fileOf(bytes), talk, 'line');
  await tab.hasSent(3 * PART);
  await world.storageLink.cut();
  await tab.page.waitForFunction(() => window.snapshots.at(-1)?.state === 'waiting');
  await world.storageLink.join();
  await world.heal();
  await expectSent('line', bytes);
  const stored = requests.answers.filter(({ status }) => status === 200).map(({ part }) => part);
  expect(stored.toSorted()).toEqual([1, 2, 3, 4, 5]);
});

test('if the bucket allows no PUT from pages, the bytes go through the api, with a warning that says why', async () => {
  await forbidCrossOrigin(inject('stack'));
  const bytes = noise(3_000_000);
  await tab.sendFile(await world.fileOf(bytes), talk, 'around');
  await expectSent('around', bytes);
  const details = await tab.page.evaluate(() => window.snapshots.map(({ error }) => error?.detail));
  expect(details.find(Boolean)).toContain("the bucket's CORS rules");
  expect(requests.answers).toEqual([]);
  expect(requests.patches).toBe(1);
});

test('many files at once, and one kept from before: none fails because another found that out first', async () => {
  await world.storageLink.cut();
  await tab.sendFile(await world.fileOf(noise(3_000_000), 'kept.bin'), talk, 'kept');
  await tab.page.waitForFunction(() => window.snapshots.at(-1)?.mediaObjectId);
  await tab.keeps(1, 1);
  await tab.leave();
  await forbidCrossOrigin(inject('stack'));
  await world.storageLink.join();
  await tab.start();
  const ends = await tab.page.evaluate(async (count) => {
    const started = Array.from({ length: count }, (_, index) => {
      const bytes = crypto.getRandomValues(new Uint8Array(50_000));
      return window.client.upload(new Blob([bytes]), { filename: `${index}.bin` });
    });
    const all = [...new Set([...window.client.uploads.get(), ...started])];
    return (await Promise.allSettled(all.map(({ done }) => done))).map((end) =>
      end.status === 'rejected' ? `${end.reason.code} ${end.reason.field}` : 'done',
    );
  }, MANY);
  expect(ends).toEqual(new Array(MANY + 1).fill('done'));
});
