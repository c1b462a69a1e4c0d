import { afterEach, expect, test, vi } from 'vitest';
import { createClient } from './create-client.ts';
import { LruMap } from './lru-map.ts';
import { memoryStore } from './store/memory-store.ts';

const JWT = `e30.${btoa(JSON.stringify({ sub: 'ann' }))}.signature`;
const options = (extra: object = {}) => ({
  baseUrl: 'http://127.0.0.1:9',
  getToken: () => JWT,
  store: memoryStore(),
  onWarning: () => {},
  ...extra,
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a full map drops the entry unused for longest, and none in use', () => {
  const map = new LruMap<number>(3, (value) => value === 1);
  for (const value of [1, 2, 3]) map.set(`v${value}`, value);
  map.get('v2');
  for (const value of [4, 5]) map.set(`v${value}`, value);
  expect([...map.values()]).toEqual([1, 4, 5]);
});

test('unwatched handles are forgotten, watched ones stay the same', () => {
  const client = createClient(options({ userId: 'ann' }));
  const [left, watched] = [client.media('left'), client.media('watched')];
  const leave = watched.subscribe(() => {});
  const talk = client.conversation('left');
  for (let count = 0; count < 2_000; count += 1) {
    client.media(`m${count}`).subscribe(() => {})();
    client.conversation(`c${count}`);
  }
  expect(client.media('watched')).toBe(watched);
  expect(client.media('left')).not.toBe(left);
  expect(client.conversation('left')).not.toBe(talk);
  leave();
  client.close();
});

test('a user who logs out leaves nothing behind, and other users keep theirs', async () => {
  const store = memoryStore();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  await store.set('http://127.0.0.1:9|ann|conversation|talk', {
    id: 'talk',
    messages: [],
    lastSeq: 1,
    hasOlder: false,
  });
  await store.set('http://127.0.0.1:9|ben|outgoing|1', { text: 'of ben' });
  const client = createClient(options({ store }));
  const message = client.messages.send('talk', { text: 'my PIN is 4711' });
  client.upload(new File(['secret'], 'private.pdf'));
  await expect.poll(async () => JSON.stringify(await store.list(''))).toContain('private.pdf');
  await expect.poll(() => message.get().error).toBeDefined();
  await client.forget();
  const keys = async () => (await store.list('')).map(([key]) => key);
  expect(await keys()).toEqual(['http://127.0.0.1:9|ben|outgoing|1']);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await keys()).toHaveLength(1);
});

test('cancelling a finished upload deletes it on the server, unless a message refers to it', async () => {
  const deleted: string[] = [];
  let refusal: Response | undefined;
  vi.stubGlobal('fetch', async (url: URL, { method }: { method: string }) => {
    if (method !== 'DELETE')
      return Response.json({
        media: { media_object_id: 'm1' },
        upload: { protocol: 'none', url: '', headers: {}, expires_at: '' },
      });
    deleted.push(url.pathname);
    return refusal ?? new Response(null, { status: 204 });
  });
  const client = createClient(options({ uploads: { hashUpTo: 0 } }));
  const upload = client.upload(new Blob(['photo']));
  await upload.done;
  refusal = new Response('{"code":"media_referenced"}', { status: 409 });
  await upload.cancel();
  expect(upload.state).toBe('done');
  refusal = undefined;
  await upload.cancel();
  await upload.cancel();
  expect(upload.state).toBe('cancelled');
  expect(deleted).toEqual(['/v1/media/m1', '/v1/media/m1']);
  client.close();
});

test('a forwarded media object keeps its kind: the server finds it by the id, the SDK by the object', async () => {
  const types: (string | undefined)[] = [];
  vi.stubGlobal('fetch', async (url: URL, { body }: { body: string }) => {
    types.push(JSON.parse(body).message_type);
    return Response.json({ message_id: url.pathname, conversation_id: 'talk', seq: types.length });
  });
  const client = createClient(options());
  const media = { media_object_id: 'm2', kind: 'video' } as never;
  await client.messages.send('talk', { media: 'm1' }).sent;
  await client.messages.send('talk', { media }).sent;
  await client.messages.send('talk', { media: 'm1', type: 'file' }).sent;
  expect(types).toEqual([undefined, 'video', 'file']);
  client.close();
});

test('a clock that is 30 hours fast does not ask for the same URL again and again', async () => {
  vi.useFakeTimers({ now: Date.now() + 30 * 3_600_000 });
  let requests = 0;
  const serverTime = new Date(Date.now() - 29 * 3_600_000).toISOString();
  vi.stubGlobal('fetch', async () => {
    requests += 1;
    const item = { id: 'm1', quality: 'source', url: 'http://s/1' };
    return Response.json({ items: [{ ...item, expires_at: serverTime, refresh_at: serverTime }] });
  });
  const client = createClient(options());
  const media = client.media('m1');
  for (let count = 0; count < 20; count += 1) {
    const url = media.url('source');
    await vi.advanceTimersByTimeAsync(400);
    await url;
  }
  expect(requests).toBe(1);
  client.close();
});
