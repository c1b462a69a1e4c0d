import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { until } from '../harness/until.ts';
import { BrowserWorld } from './browser-world.ts';
import { mediaOf, type SdkTab } from './sdk-tab.ts';

const FILE_BYTES = 16_000_000;
const SLOW = { type: 'bandwidth', stream: 'upstream', attributes: { rate_kib_per_second: 2_000 } } as const;

let world: BrowserWorld;
let ann: ChatUser;
let talk: string;
let tab: SdkTab;
let bytes: Buffer;
let offsets: number[];

beforeAll(async () => {
  world = await BrowserWorld.start(inject('stack'));
  ann = world.ann;
  talk = await ann.startConversation('ben');
});
afterAll(() => world?.stop());

beforeEach(async () => {
  // Nothing is kept but the handle.
  tab = await world.openTab({ protocols: ['tus'], keepBytesUpTo: 0 });
  offsets = [];
  tab.page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  bytes = noise(FILE_BYTES);
  await writeInPage(bytes);
});
afterEach(async ({ task }) => {
  world.printLogOfFailure(task);
  await world.heal();
  await tab.page.context().close();
});

/** The page's own files have handles like those of a picker, without a question to the user. */
const writeInPage = async (content: Buffer): Promise<void> => {
  await tab.choose(await world.fileOf(content, 'film.bin'));
  await tab.page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle('film.bin', { create: true });
    const stream = await handle.createWritable();
    await stream.write(window.chosenFile());
    await stream.close();
  });
};

const sendByHandle = (text: string): Promise<void> =>
  tab.page.evaluate(
    async ([to, words]) => {
      const root = await navigator.storage.getDirectory();
      const handle = await root.getFileHandle('film.bin');
      window.sendFile(await handle.getFile(), to, words, { handle });
    },
    [talk, text] as const,
  );

const expectSent = async (text: string, content: Buffer): Promise<void> => {
  const sent = await until(
    async () => {
      const found = await mediaOf(ann, talk, text);
      return found.length > 0 ? found : undefined;
    },
    { withinMs: 30_000, what: 'the message to be sent' },
  );
  expect(sent).toHaveLength(1);
  await expectWhole(ann, sent[0] ?? '', content);
  await tab.keeps(0, 0);
};

const interrupt = async (text: string): Promise<void> => {
  await world.apiLink.add('slow', SLOW);
  await sendByHandle(text);
  await tab.hasSent(FILE_BYTES / 2);
};

test('after a reload the upload resumes from the file behind its handle, without a question', async () => {
  await interrupt('by handle');
  await tab.reload();
  await world.heal();
  await expectSent('by handle', bytes);
  expect(offsets[0]).toBe(0);
  expect(offsets.slice(1).every((offset) => offset > FILE_BYTES / 10)).toBe(true);
});

test.each([
  ['other bytes, as many', () => noise(FILE_BYTES)],
  ['a shorter file', () => noise(FILE_BYTES - 1_000)],
])(
  'after a reload the file has changed (%s): the upload reports it, and mixes no bytes',
  async (how, other) => {
    await interrupt(how);
    const changed = other();
    await tab.leave();
    await writeInPage(changed);
    await world.heal();
    const before = offsets.length;
    await tab.start();
    const told = await tab.page.evaluate(async () => {
      const [left] = await window.client.uploads.interrupted();
      const refusal = await left?.resume().catch((error) => ({ code: error.code, message: error.message }));
      return { error: left?.error.code, refusal };
    });
    expect(told).toMatchObject({ error: 'file_changed', refusal: { code: 'file_changed' } });
    expect(told.refusal).toMatchObject({
      message: expect.stringMatching(/film\.bin has changed .*Upload it again/),
    });
    await tab.page.waitForFunction(() => {
      const [message] = window.client.messages.outgoing.get();
      return message?.state === 'failed' && message.get().error?.code === 'file_changed';
    });
    expect(offsets.length).toBe(before);
    await tab.page.evaluate(async () => {
      for (const message of window.client.messages.outgoing.get()) await message.discard();
      for (const left of await window.client.uploads.interrupted()) await left.discard();
    });
    await sendByHandle(`${how}, again`);
    await expectSent(`${how}, again`, changed);
    expect(await mediaOf(ann, talk, how)).toEqual([]);
  },
);

test('the file changes while it is sent: the upload fails, and says why', async () => {
  await interrupt('changed under way');
  await writeInPage(noise(FILE_BYTES));
  await world.heal();
  await tab.page.waitForFunction(() => window.snapshots.at(-1)?.state === 'failed');
  expect(await tab.page.evaluate(() => window.snapshots.at(-1)?.error?.code)).toBe('file_changed');
  await tab.page.waitForFunction(
    () => window.client.messages.outgoing.get()[0]?.get().error?.code === 'file_changed',
  );
  expect(await mediaOf(ann, talk, 'changed under way')).toEqual([]);
});
