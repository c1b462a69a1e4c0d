import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClaimcheckClient } from '../claimcheck-client.ts';
import { timelineOf } from '../conversations/timeline.ts';
import { createClient } from '../create-client.ts';
import { memoryStore } from '../store/memory-store.ts';

const JWT = `e30.${btoa(JSON.stringify({ sub: 'ann' }))}.signature`;
let posted: string[];
let bodies: object[];
/** Answers of the service to posting a message, by its text. */
let answers: Record<string, () => Response | Promise<Response>>;
/** Ends the uploads in progress. */
let storeBytes: () => void;
/** How often the service refuses a file, by its name. */
let refusals: Map<string, number>;
let client: ClaimcheckClient;

beforeEach(() => {
  posted = [];
  bodies = [];
  answers = {};
  refusals = new Map();
  const stored = Promise.withResolvers<void>();
  storeBytes = stored.resolve;
  let seq = 0;
  vi.stubGlobal('fetch', async (url: URL, init: { method: string; body: string; signal: AbortSignal }) => {
    if (url.pathname === '/v1/media') {
      const { filename } = JSON.parse(init.body);
      const left = refusals.get(filename) ?? 0;
      refusals.set(filename, left - 1);
      if (left > 0) return new Response('{"code":"quota_exceeded"}', { status: 413 });
      await Promise.race([stored.promise, aborted(init.signal)]);
      return Response.json({
        media: { media_object_id: JSON.parse(init.body).filename },
        upload: { protocol: 'none', url: '', headers: {}, expires_at: '' },
      });
    }
    if (!url.pathname.endsWith('/messages')) return Response.json({});
    const { body } = JSON.parse(init.body);
    bodies.push(JSON.parse(init.body));
    const answer = await answers[body]?.();
    if (answer) return answer;
    posted.push(body);
    seq += 1;
    return Response.json({ message_id: body, conversation_id: 'talk', seq, body });
  });
  client = createClient({
    baseUrl: 'http://127.0.0.1:9',
    getToken: () => JWT,
    store: memoryStore(),
    onWarning: () => {},
    uploads: { hashUpTo: 0 },
  });
});
afterEach(() => {
  client.close();
  vi.unstubAllGlobals();
});

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('a text never waits for a file, and the file follows when it is stored', async () => {
  const film = client.messages.send('talk', { text: 'film', media: client.upload(new Blob(['film'])) });
  const texts = ['one', 'two'].map((text) => client.messages.send('talk', { text }));
  await Promise.all(texts.map(({ sent }) => sent));
  expect(posted).toEqual(['one', 'two']);
  expect(film.state).toBe('waiting');
  storeBytes();
  await film.sent;
  expect(posted).toEqual(['one', 'two', 'film']);
});

test('an album waits for all of its uploads, keeps its order, and names each with its words', async () => {
  const uploads = ['one', 'two'].map((name) => client.upload(new Blob([name]), { filename: `${name}.jpg` }));
  const album = client.messages.send('talk', {
    text: 'album',
    attachments: [
      { media: uploads[0] as never, alt: 'the first' },
      { media: 'm7' },
      { media: uploads[1] as never },
    ],
    data: { reply_to: 'x' },
  });
  expect(album.get().uploads).toEqual(uploads);
  uploads[1]?.pause();
  storeBytes();
  await uploads[0]?.done;
  expect(album.state).toBe('waiting');
  uploads[1]?.resume();
  await album.sent;
  expect(bodies.at(-1)).toMatchObject({
    body: 'album',
    data: { reply_to: 'x' },
    attachments: [
      { media_object_id: 'one.jpg', filename: 'one.jpg', alt: 'the first' },
      { media_object_id: 'm7' },
      { media_object_id: 'two.jpg', filename: 'two.jpg' },
    ],
  });
  expect(bodies.at(-1)).not.toHaveProperty('media_object_id');
});

const albumOf = (...names: string[]) => {
  const uploads = names.map((name) => client.upload(new Blob([name]), { filename: `${name}.jpg` }));
  const album = client.messages.send('talk', {
    text: 'album',
    attachments: uploads.map((media) => ({ media })),
  });
  return { uploads, album };
};

test('an album without one of its files is sent, whether that upload was cancelled or had finished', async () => {
  const { uploads, album } = albumOf('one', 'two', 'three', 'four');
  await uploads[0]?.cancel();
  expect(album.get().uploads).toEqual(uploads.slice(1));
  uploads[3]?.pause();
  storeBytes();
  await uploads[1]?.done;
  await uploads[1]?.cancel();
  expect(album.attachmentCount).toBe(2);
  uploads[3]?.resume();
  await album.sent;
  expect(bodies.at(-1)).toMatchObject({ attachments: [{ filename: 'three.jpg' }, { filename: 'four.jpg' }] });
});

test('an album with one file left is a message with one file', async () => {
  const { uploads, album } = albumOf('one', 'two');
  await uploads[0]?.cancel();
  storeBytes();
  await album.sent;
  expect(bodies.at(-1)).toMatchObject({ media_object_id: 'two.jpg', filename: 'two.jpg' });
  expect(bodies.at(-1)).not.toHaveProperty('attachments');
});

test('an album names a file that was chosen twice once', async () => {
  const { album } = albumOf('one', 'two', 'one');
  storeBytes();
  await album.sent;
  expect(bodies.at(-1)).toMatchObject({ attachments: [{ filename: 'one.jpg' }, { filename: 'two.jpg' }] });
});

test('an album leaves out a refused file, which waits as a message of its own for another attempt', async () => {
  refusals.set('two.jpg', 1);
  const { album } = albumOf('one', 'two', 'three');
  storeBytes();
  await album.sent;
  expect(bodies.at(-1)).toMatchObject({
    body: 'album',
    attachments: [{ filename: 'one.jpg' }, { filename: 'three.jpg' }],
  });
  const refused = await vi.waitUntil(() =>
    client.messages.outgoing.get().find(({ state }) => state === 'failed'),
  );
  expect(refused).toMatchObject({ filename: 'two.jpg', text: undefined, attachmentCount: 1 });
  expect(refused.get().error).toMatchObject({ code: 'quota_exceeded' });
  refused.retry();
  await refused.sent;
  expect(bodies.at(-1)).toMatchObject({ media_object_id: 'two.jpg', filename: 'two.jpg' });
  expect(client.messages.outgoing.get()).toEqual([]);
});

test('an album whose files are all refused fails as one message, and is sent as one at the next attempt', async () => {
  refusals.set('one.jpg', 1).set('two.jpg', 1);
  const { album } = albumOf('one', 'two');
  await expect(album.sent).rejects.toMatchObject({ code: 'quota_exceeded' });
  expect(client.messages.outgoing.get()).toEqual([album]);
  album.retry();
  storeBytes();
  await album.sent;
  expect(bodies.at(-1)).toMatchObject({ attachments: [{ filename: 'one.jpg' }, { filename: 'two.jpg' }] });
});

test('a paused upload delays only its own message', async () => {
  const upload = client.upload(new Blob(['film']));
  const film = client.messages.send('talk', { text: 'film', media: upload });
  upload.pause();
  await client.messages.send('talk', { text: 'at the door' }).sent;
  expect(film.state).toBe('waiting');
  storeBytes();
  upload.resume();
  await film.sent;
});

test('texts keep their order while the network is away', async () => {
  let failures = 2;
  answers.one = () => {
    failures -= 1;
    if (failures >= 0) throw new TypeError('no network');
    return undefined as never;
  };
  const messages = ['one', 'two', 'three'].map((text) => client.messages.send('talk', { text }));
  await Promise.all(messages.map(({ sent }) => sent));
  expect(posted).toEqual(['one', 'two', 'three']);
});

test('a message that the service cannot take now does not delay the others', async () => {
  let isStuck = true;
  answers.stuck = () =>
    isStuck ? new Response('{"code":"internal"}', { status: 500 }) : (undefined as never);
  const stuck = client.messages.send('talk', { text: 'stuck' });
  await client.messages.send('talk', { text: 'after it' }).sent;
  expect(stuck.state).toBe('waiting');
  isStuck = false;
  await stuck.sent;
});

test('a message deleted before its answer arrived disappears, and is not sent again', async () => {
  answers.gone = () => new Response('{"code":"message_deleted"}', { status: 410 });
  const gone = client.messages.send('talk', { text: 'gone' });
  await expect(gone.sent).rejects.toMatchObject({ code: 'message_deleted' });
  expect(gone.state).toBe('discarded');
  expect(client.messages.outgoing.get()).toEqual([]);
});

test('a waiting message keeps its place in its sender’s view', () => {
  const [film, last] = [
    { id: 'film', afterSeq: 4 },
    { id: 'last', afterSeq: undefined },
  ] as never[];
  const messages = [3, 4, 6, 7].map((seq) => ({ message_id: `m${seq}`, seq }) as never);
  const names = timelineOf(messages, [last, film] as never).map((entry) =>
    'message_id' in entry ? entry.message_id : entry.id,
  );
  expect(names).toEqual(['m3', 'm4', 'film', 'm6', 'm7', 'last']);
});
