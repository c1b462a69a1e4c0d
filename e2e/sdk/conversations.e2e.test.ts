import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConversationHandle, createClient, memoryStore } from '@claimcheck/client';
import { fileStore } from '@claimcheck/client/node';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { noise } from '../harness/noise.ts';
import { SdkClients } from '../harness/sdk-client.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

let system: System;
let clients: SdkClients;
let ann: ChatUser;
let talk: string;

beforeAll(async () => {
  // Without tickets: the user's token is all there is.
  system = await startSystem(inject('stack'));
  clients = new SdkClients(system);
  ann = new ChatUser(system, 'ann');
  talk = await ann.startConversation('ben');
});
afterAll(async () => {
  clients?.close();
  await system?.stop();
});

const watch = (conversation: ConversationHandle): (() => void) => conversation.subscribe(() => {});
const bodies = (conversation: ConversationHandle) => conversation.get().messages.map(({ body }) => body);
const within = (what: string) => ({ withinMs: 20_000, what });

test("a member sees another's texts before the photo that is still being uploaded, and sees the photo become ready", async () => {
  const here = clients.open('ann').conversation(talk);
  const benClient = clients.open('ben');
  const there = benClient.conversation(talk);
  const leave = [watch(here), watch(there)];
  await until(() => there.get().status === 'live' || undefined, within('ben to be live'));
  const photo = new Blob([new Uint8Array(await smallPhoto())], { type: 'image/jpeg' });
  const annClient = clients.open('ann');
  const upload = annClient.upload(photo, { filename: 'china.jpg' });
  const sent = [
    annClient.messages.send(talk, { text: 'first', media: upload, alt: 'a photo' }),
    annClient.messages.send(talk, { text: 'second' }),
    annClient.messages.send(talk, { text: 'second' }),
  ];
  expect(sent.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting']);
  expect(annClient.messages.outgoing.get()).toEqual(sent);
  await Promise.all(sent.map((message) => message.sent));
  await until(() => (bodies(there).length === 3 ? true : undefined), within('ben to have all three'));
  expect(bodies(there)).toEqual(['second', 'second', 'first']);
  expect(there.get().messages[2]).toMatchObject({ message_type: 'image', alt: 'a photo' });
  const settled = () => there.get().messages[2]?.media?.state === 'ready' || undefined;
  await until(settled, within('the photo to be ready'));
  for (const end of leave) end();
});

test('sent messages are shown at once, never twice, and keep their place', async () => {
  const client = clients.open('ann');
  const conversation = client.conversation(talk);
  const seen: string[][] = [];
  const leave = conversation.subscribe(() => {
    const { messages, outgoing } = conversation.get();
    seen.push([...messages.map(({ body = '' }) => body), ...outgoing.map(({ text = '' }) => text)]);
  });
  await until(() => conversation.get().status === 'live' || undefined, within('ann to be live'));
  seen.length = 0;
  const unique = crypto.randomUUID();
  const message = conversation.send({ text: unique });
  await message.sent;
  await until(() => bodies(conversation).includes(unique) || undefined, within('the message'));
  expect(seen.map((texts) => texts.filter((text) => text === unique).length)).toEqual(seen.map(() => 1));
  leave();
});

test.each(['loaded', 'stored'])(
  'a message that waits is shown though the same was said before: %s',
  async (how) => {
    const text = `again ${how}`;
    await ann.send(talk, { client_message_id: crypto.randomUUID(), message_type: 'text', body: text });
    const store = memoryStore();
    if (how === 'stored') {
      const leaveBefore = watch(clients.open('ann', { store }).conversation(talk));
      const isKept = async () => JSON.stringify(await store.list('')).includes(text) || undefined;
      await until(isKept, within('the conversation to be kept'));
      leaveBefore();
    }
    const real = globalThis.fetch;
    globalThis.fetch = (input, init) =>
      String(init?.body).includes(text) ? Promise.reject(new TypeError('no network')) : real(input, init);
    try {
      const client = clients.open('ann', { store });
      const waiting = client.messages.send(talk, { text });
      const conversation = client.conversation(talk);
      const leave = watch(conversation);
      await until(() => conversation.get().status === 'live' || undefined, within('ann to be live'));
      expect(conversation.get().outgoing).toEqual([waiting]);
      const other = crypto.randomUUID();
      await ann.send(talk, { client_message_id: other, message_type: 'text', body: other });
      await until(() => bodies(conversation).includes(other) || undefined, within('another message'));
      expect(bodies(conversation)).toContain(text);
      expect(conversation.get().outgoing).toEqual([waiting]);
      globalThis.fetch = real;
      await waiting.sent;
      await until(() => conversation.get().outgoing.length === 0 || undefined, within('nothing to wait'));
      expect(bodies(conversation).filter((body) => body === text)).toEqual([text, text]);
      leave();
    } finally {
      globalThis.fetch = real;
    }
  },
);

test('a token that the gateway refuses is requested again', async () => {
  const conversation = clients
    .open('ann', {
      userId: 'ann',
      getToken: ({ fresh } = { fresh: false }) => system.tokenFor('ann', { expiresIn: fresh ? 60 : -60 }),
    })
    .conversation(talk);
  const leave = watch(conversation);
  await until(() => conversation.get().status === 'live' || undefined, within('ann to be live'));
  leave();
});

test('a client that was offline catches up from its last event, and drops a deleted message', async () => {
  const store = memoryStore();
  const before = clients.open('ben', { store }).conversation(talk);
  const leaveBefore = watch(before);
  await until(() => before.get().status === 'live' || undefined, within('ben to be live'));
  const { body: doomed } = await ann.send(talk, {
    client_message_id: 'd1',
    message_type: 'text',
    body: 'doomed',
  });
  await until(() => bodies(before).includes('doomed') || undefined, within('the message'));
  leaveBefore();
  await until(
    async () => JSON.stringify(await store.list('')).includes('doomed') || undefined,
    within('the conversation to be kept'),
  );

  expect((await ann.call('DELETE', `/v1/conversations/${talk}/messages/${doomed.message_id}`)).status).toBe(
    204,
  );
  await ann.send(talk, { client_message_id: 'd2', message_type: 'text', body: 'while you were away' });
  const after = clients.open('ben', { store }).conversation(talk);
  const firstSeen: string[] = [];
  const leave = after.subscribe(() => {
    if (after.get().status === 'stored' && firstSeen.length === 0)
      firstSeen.push(...bodies(after).map((body = '') => body));
  });
  await until(() => bodies(after).includes('while you were away') || undefined, within('what was missed'));
  expect(firstSeen).toContain('doomed');
  expect(bodies(after)).not.toContain('doomed');
  leave();
});

test('messages that a process leaves unsent go out when it returns, once and in order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-sdk-'));
  try {
    // No server listens there: the network is down.
    const offline = createClient({
      baseUrl: system.apiUrl,
      getToken: () => system.tokenFor('ann'),
      store: fileStore(folder),
    });
    await offline.restored;
    const real = globalThis.fetch;
    globalThis.fetch = () => Promise.reject(new TypeError('fetch failed'));
    const texts = ['one', 'two', 'three'].map((text) => `offline ${text}`);
    const waiting = texts.map((text) => offline.messages.send(talk, { text }));
    await until(() => waiting[0]?.get().error, within('the first attempt to fail'));
    const kept = fileStore(folder);
    await until(async () => (await kept.list('')).length === 3 || undefined, within('all to be kept'));
    offline.close();
    globalThis.fetch = real;

    const online = clients.open('ann', { store: fileStore(folder) });
    await online.restored;
    await until(() => online.messages.outgoing.get().length === 0 || undefined, within('all to be sent'));
    const { messages } = await online.messages.list(talk);
    expect(messages.map(({ body }) => body).filter((body) => body?.startsWith('offline'))).toEqual(texts);
    await until(async () => (await kept.list('')).length === 0 || undefined, within('nothing to be kept'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a message that cannot be sent says why, lets the next one pass, and can be taken back', async () => {
  const client = clients.open('ann');
  const bad = client.messages.send(talk, { media: '018f0000-0000-7000-8000-000000000000', type: 'image' });
  const good = client.messages.send(talk, { text: 'after the bad one' });
  await good.sent;
  await expect(bad.sent).rejects.toMatchObject({ code: 'not_found', retryable: false });
  expect(client.messages.outgoing.get()).toEqual([bad]);
  await bad.discard();
  expect(client.messages.outgoing.get()).toEqual([]);
  const nothing = () => client.messages.send(talk, {});
  expect(nothing).toThrow('A message needs text, media, or both.');
});

test('a service that signs no tickets is uploaded to by tus alone', async () => {
  const bytes = noise(300_000);
  const client = clients.open('ann', { uploads: { protocols: ['tus'] } });
  const id = await client.upload(new Blob([bytes]), { filename: 'plain.bin' }).done;
  await expectWhole(ann, id, bytes);
});

test('a message whose upload is done, but which was not sent, survives too', async () => {
  const store = memoryStore();
  const before = clients.open('ann', { store });
  const upload = before.upload(new Blob([noise(1_000)]), { filename: 'kept.bin' });
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) =>
    String(input).endsWith('/messages') ? Promise.reject(new TypeError('fetch failed')) : real(input, init);
  const message = before.messages.send(talk, { media: upload });
  const id = await upload.done;
  await until(() => message.get().error, within('the sending to fail'));
  await until(
    async () => (await store.list('')).every(([key]) => !key.includes('|upload|')) || undefined,
    within('the upload to be forgotten'),
  );
  before.close();
  globalThis.fetch = real;
  const after = clients.open('ann', { store });
  await after.restored;
  const [restored] = after.messages.outgoing.get();
  expect((await restored?.sent)?.media_object_id).toBe(id);
});

test('URLs of media that members see open without a header, and stay the same', async () => {
  const photo = new Blob([new Uint8Array(await smallPhoto())], { type: 'image/jpeg' });
  const sender = clients.open('ann');
  const upload = sender.upload(photo, { filename: 'china.jpg' });
  await sender.messages.send(talk, { media: upload }).sent;
  const id = await upload.done;
  const media = clients.open('ben').media(id, { conversationId: talk });
  const leave = media.subscribe(() => {});
  const urls = await until(
    () => (media.get().urls.medium ? media.get().urls : undefined),
    within('URLs of the picture'),
  );
  const answers = await Promise.all(
    [urls.medium, urls.thumbnail, urls.source].map(async (url = '') => (await fetch(url)).status),
  );
  expect(answers).toEqual([200, 200, 200]);
  await media.renew();
  expect(media.get().urls).toBe(urls);
  leave();

  const own = sender.media(id);
  const leaveOwn = own.subscribe(() => {});
  const source = await until(() => own.get().urls.source, within('a signed URL'));
  expect((await fetch(source)).status).toBe(200);
  leaveOwn();
});

test('a user without access gets an error, and keeps nothing', async () => {
  const stranger = clients.open('eve').conversation(talk);
  const leave = watch(stranger);
  await until(() => stranger.get().status === 'refused' || undefined, within('the refusal'));
  expect(stranger.get()).toMatchObject({ messages: [], error: { code: 'not_found' } });
  leave();
});
