import type { BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { until } from '../harness/until.ts';
import { BrowserWorld } from './browser-world.ts';
import { mediaOf, type SdkTab } from './sdk-tab.ts';

/** Much more than sockets buffer, so that after half of it some bytes are stored. */
const FILE_BYTES = 24_000_000;
/** Ten seconds for the file: enough to open a tab meanwhile. */
const SLOW = { type: 'bandwidth', stream: 'upstream', attributes: { rate_kib_per_second: 2_400 } } as const;

let world: BrowserWorld;
let ann: ChatUser;
let talk: string;
let context: BrowserContext;

beforeAll(async () => {
  world = await BrowserWorld.start(inject('stack'));
  ann = world.ann;
});
afterAll(() => world?.stop());
beforeEach(async () => {
  context = await world.newContext();
  talk = await ann.startConversation('ben');
});
afterEach(async ({ task }) => {
  world.printLogOfFailure(task);
  await world.heal();
  await context.close();
});

const openTab = (): Promise<SdkTab> => world.openTab({ protocols: ['tus'] }, { context });

const openTabs = () => Promise.all([openTab(), openTab()]);

/** Both tabs, and the server. */
const allShow = async (tabs: SdkTab[], texts: string[]): Promise<void> => {
  for (const { page } of tabs)
    await expect
      .poll(() => page.evaluate((id) => window.bodiesIn(id), talk), { timeout: 20_000 })
      .toEqual(texts);
  const { body } = await ann.call<{ messages: { body: string }[] }>(
    'GET',
    `/v1/conversations/${talk}/messages`,
  );
  expect(body.messages.map((message) => message.body)).toEqual(texts);
};

/** Requests with bytes of an upload, of all tabs; `most` is how many there were at the same time. */
const watchBytes = () => {
  const seen = { offsets: [] as { page: Page; offset: number }[], most: 0 };
  const running = new Set<Request>();
  const end = (request: Request) => void running.delete(request);
  context.on('request', (request) => {
    if (request.method() !== 'PATCH') return;
    running.add(request);
    const page = request.frame().page();
    for (const other of running) if (other.frame().page().isClosed()) running.delete(other);
    seen.most = Math.max(seen.most, running.size);
    seen.offsets.push({ page, offset: Number(request.headers()['upload-offset']) });
  });
  context.on('requestfinished', end);
  context.on('requestfailed', end);
  return seen;
};

/** Messages that reached the server, by whatever tab. */
const watchMessages = (): string[] => {
  const sent: string[] = [];
  context.on('response', (response) => {
    const request = response.request();
    if (request.method() === 'POST' && request.url().endsWith('/messages'))
      sent.push(request.postDataJSON().body);
  });
  return sent;
};

test('messages written in both tabs without a network go out once when it returns, and both tabs show them', async () => {
  const [first, second] = await openTabs();
  await allShow([first, second], []);
  const sent = watchMessages();
  await context.setOffline(true);
  for (const text of ['one', 'two']) await first.say(text, talk);
  await second.say('three', talk);
  await first.page.waitForFunction(() => window.client.messages.outgoing.get()[0]?.get().error);
  await context.setOffline(false);
  await until(() => (sent.length >= 3 ? true : undefined), { withinMs: 20_000, what: 'all to be sent' });
  await first.keeps(0, 0);
  expect(sent.toSorted()).toEqual(['one', 'three', 'two']);
  const { body } = await ann.call<{ messages: { body: string }[] }>(
    'GET',
    `/v1/conversations/${talk}/messages`,
  );
  const texts = body.messages.map((message) => message.body);
  expect(texts.indexOf('one')).toBeLessThan(texts.indexOf('two'));
  await allShow([first, second], texts);
});

test('a tab is closed with what it could not send: the other sends it, in order, once', async () => {
  const [first, second] = await openTabs();
  await first.page.route('**/messages', (route) => route.abort());
  const sent = watchMessages();
  const texts = ['one', 'two', 'three', 'four'];
  for (const text of texts) await first.say(text, talk);
  await first.page.waitForFunction(() => window.client.messages.outgoing.get()[0]?.get().error);
  await first.keeps(texts.length, 0);
  expect(sent).toEqual([]);
  await first.close();
  await second.keeps(0, 0);
  expect(sent).toEqual(texts);
  await allShow([second], texts);
});

test.each(['before', 'after'] as const)(
  'a tab is closed in the middle of an upload: one that was opened %s it started resumes',
  async (when) => {
    const bytes = noise(FILE_BYTES);
    const file = await world.fileOf(bytes);
    const first = await openTab();
    const early = when === 'before' ? await openTab() : undefined;
    const seen = watchBytes();
    await world.apiLink.add('slow', SLOW);
    await first.sendFile(file, talk, when);
    await first.say('behind it', talk);
    await first.hasSent(FILE_BYTES / 2);
    const second = early ?? (await openTab());
    const interrupted = () =>
      second.page.evaluate(async () => (await window.client.uploads.interrupted()).length);
    expect(await interrupted(), 'no tab asks for a file that another tab sends').toBe(0);
    expect(seen.offsets.map(({ page }) => page === first.page)).toEqual([true]);
    await first.close();
    await world.heal();
    // The text did not wait for the film, not even when its tab was closed.
    await allShow([second], ['behind it', when]);
    await second.keeps(0, 0);
    const [, ...later] = seen.offsets;
    expect(later.every(({ page, offset }) => page === second.page && offset > FILE_BYTES / 10)).toBe(true);
    expect(later.length).toBeGreaterThan(0);
    expect(seen.most).toBe(1);
    const sent = await mediaOf(ann, talk, when);
    expect(sent).toHaveLength(1);
    await expectWhole(ann, sent[0] ?? '', bytes);
  },
);

test('a tab is reloaded in the middle of an upload: one of the two resumes it, never both', async () => {
  const bytes = noise(FILE_BYTES);
  const file = await world.fileOf(bytes);
  const [first, second] = await openTabs();
  const seen = watchBytes();
  await world.apiLink.add('slow', SLOW);
  await first.sendFile(file, talk, 'reloaded');
  await first.hasSent(FILE_BYTES / 2);
  await first.reload();
  await world.heal();
  await allShow([first, second], ['reloaded']);
  expect(seen.offsets.slice(1).every(({ offset }) => offset > FILE_BYTES / 10)).toBe(true);
  expect(seen.most).toBe(1);
  const sent = await mediaOf(ann, talk, 'reloaded');
  await expectWhole(ann, sent[0] ?? '', bytes);
  await second.keeps(0, 0);
});
