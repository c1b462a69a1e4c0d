import jwt from 'jsonwebtoken';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { allowCrossOrigin, forbidCrossOrigin, uploadsFrom } from '../harness/allow-cross-origin.ts';
import { noise } from '../harness/noise.ts';
import { until } from '../harness/until.ts';
import { BrowserWorld } from './browser-world.ts';
import type { SdkTab } from './sdk-tab.ts';
import { StorageRequests } from './storage-requests.ts';

const MIB = 1_024 ** 2;
const PART = 16 * MIB;
/** Lifetime of an upload, its ticket and its signatures without renewal. */
const TTL_SECONDS = 6;
const TOKEN_SECONDS = 3;
const slow = (rate_kib_per_second: number) =>
  ({ type: 'bandwidth', stream: 'upstream', attributes: { rate_kib_per_second } }) as const;

let world: BrowserWorld;
let talk: string;
let tab: SdkTab;
let requests: StorageRequests;
/** Tokens that the host had to give because the last one had ended. */
let freshTokens: number;

beforeAll(async () => {
  world = await BrowserWorld.start(inject('stack'), {
    UPLOAD_TTL: `${TTL_SECONDS}s`,
    SWEEP_INTERVAL: '500ms',
  });
  talk = await world.ann.startConversation('ben');
  await allowCrossOrigin(inject('stack'), uploadsFrom(world.apiLink.url));
});
afterAll(async () => {
  await forbidCrossOrigin(inject('stack'));
  await world?.stop();
});
beforeEach(async () => {
  freshTokens = 0;
  const newToken = () => world.system.tokenFor('ann', { expiresIn: TOKEN_SECONDS });
  let token = newToken();
  tab = await world.openTab(
    { hashUpTo: 0 },
    {
      // A host that keeps its token until it learns that it has ended.
      tokenOf: (fresh) => {
        if (fresh) {
          freshTokens += 1;
          token = newToken();
        }
        return token;
      },
    },
  );
  requests = new StorageRequests(tab.page, world.storageLink.url);
});
afterEach(async ({ task }) => {
  world.printLogOfFailure(task);
  await world.heal();
  await tab.page.context().close();
});

const expectSent = async (text: string, bytes: Buffer): Promise<void> => {
  await tab.expectSent({ sender: world.ann, conversationId: talk, text, bytes });
  expect(freshTokens).toBeGreaterThan(0);
};

test('by tus: ticket and token end, the line is cut, and the upload resumes', async () => {
  const bytes = noise(32_000_000);
  const patches: { offset: number; ticket: string }[] = [];
  tab.page.on('request', (request) => {
    const { authorization = '', 'upload-offset': offset } = request.headers();
    if (request.method() === 'PATCH')
      patches.push({ offset: Number(offset), ticket: authorization.replace('Bearer ', '') });
  });
  await world.apiLink.add('slow', slow(2_400));
  await tab.sendFile(await world.fileOf(bytes), talk, 'tus', { protocols: ['tus'] });
  await until(
    () => {
      const exp = patches[0] && jwt.decode(patches[0].ticket, { json: true })?.exp;
      return exp !== undefined && Date.now() > (exp + 1) * 1_000 ? true : undefined;
    },
    { withinMs: 30_000, what: 'the first ticket to end' },
  );
  expect(await tab.page.evaluate(() => window.snapshots.at(-1)?.state)).toBe('uploading');
  await world.apiLink.cut();
  await tab.page.waitForFunction(() => window.snapshots.at(-1)?.state === 'waiting');
  await world.apiLink.join();
  await world.heal();
  await expectSent('tus', bytes);
  const [first, ...later] = patches;
  expect(later.length).toBeGreaterThan(0);
  for (const { offset, ticket } of later) {
    expect(offset).toBeGreaterThan(bytes.length / 10);
    expect(ticket).not.toBe(first?.ticket);
  }
});

test('in parts: signatures end before the last parts begin, and none is stored twice', async () => {
  const bytes = noise(4 * PART + 3 * MIB);
  await world.storageLink.add('slow', slow(2_000));
  await tab.sendFile(await world.fileOf(bytes), talk, 'parts');
  await expectSent('parts', bytes);
  const stored = requests.answers.filter(({ status }) => status === 200).map(({ part }) => part);
  expect(stored.toSorted()).toEqual([1, 2, 3, 4, 5]);
  expect(requests.puts, 'some were refused').toBeGreaterThan(5);
  expect(requests.patches).toBe(0);
});

test('by one PUT: the ticket ends before the end is reported, and the bytes go once', async () => {
  const bytes = noise(12_000_000);
  await world.storageLink.add('slow', slow(1_200));
  await tab.sendFile(await world.fileOf(bytes), talk, 'put');
  await expectSent('put', bytes);
  expect(requests.answers).toEqual([{ part: undefined, status: 200 }]);
  expect(requests.patches).toBe(0);
});

/** Begins to upload slowly, and answers with the media object's id. */
const beginSlowly = async (bytes: Buffer, text: string): Promise<string> => {
  await world.apiLink.add('slow', slow(1_200));
  await tab.sendFile(await world.fileOf(bytes, `${text}.bin`), talk, text, { protocols: ['tus'] });
  await tab.hasSent(1_000_000);
  return (await tab.page.evaluate(() => window.snapshots.at(-1)?.mediaObjectId)) ?? '';
};

const isForgotten = (id: string): Promise<true> =>
  until(
    async () => {
      const { body } = await world.ann.call<{ state: string }>('GET', `/v1/media/${id}`);
      return body.state === 'expired' ? true : undefined;
    },
    { withinMs: 30_000, what: 'the upload to be forgotten' },
  );

test('an upload that a closed page left for too long starts again', async () => {
  const bytes = noise(12_000_000);
  const id = await beginSlowly(bytes, 'left');
  await tab.leave();
  await world.heal();
  await isForgotten(id);
  await tab.start();
  await expectSent('left', bytes);
});

test('paused for too long: it fails, and its message can be sent again', async () => {
  const bytes = noise(12_000_000);
  const id = await beginSlowly(bytes, 'paused');
  await tab.page.evaluate(() => window.client.uploads.get()[0]?.pause());
  await world.heal();
  await isForgotten(id);
  await tab.page.evaluate(() => window.client.uploads.get()[0]?.resume());
  await tab.page.waitForFunction(
    () => window.client.messages.outgoing.get()[0]?.get().error?.code === 'upload_gone',
  );
  await tab.page.evaluate(() => window.client.messages.outgoing.get()[0]?.retry());
  await expectSent('paused', bytes);
  await tab.keeps(0, 0);
});
