import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHttp } from '../http.ts';
import { Tokens } from '../tokens.ts';
import type { Media } from '../wire/media.ts';
import { LiveMedia } from './live-media.ts';
import { MediaUrls } from './media-urls.ts';

const SECOND = 1_000;
const media: Media = {
  media_object_id: 'm1',
  rev: 1,
  state: 'ready',
  kind: 'document',
  owner_user_id: 'ann',
  filename: 'notes.pdf',
  content_type: 'application/pdf',
  size_bytes: 10,
  upload_state: 'uploaded',
  thumbnail_state: 'none',
  scan_state: 'clean',
  transcode_state: 'none',
  mediaUrl: 'http://127.0.0.1:9/v1/media/m1/source',
  qualities: [],
  created_at: '2026-01-01T00:00:00.000Z',
};

let requests: number;
let answer: () => Response;

beforeEach(() => {
  vi.useFakeTimers();
  requests = 0;
  vi.stubGlobal('fetch', async () => {
    requests += 1;
    return answer();
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const watch = (shown: Media) => {
  const http = createHttp('http://127.0.0.1:9', new Tokens(() => 'token'));
  const live = new LiveMedia('m1', {
    http,
    urls: new MediaUrls(http),
    session: undefined,
    hasEvents: () => true,
  });
  live.update(shown);
  let changes = 0;
  const leave = live.subscribe(() => {
    changes += 1;
  });
  return { live, leave, changes: () => changes };
};

const signed = (): Response => {
  const times = { expires_at: in60Seconds(), refresh_at: in60Seconds() };
  return Response.json({ items: [{ id: 'm1', quality: 'source', url: 'http://storage/1', ...times }] });
};
const in60Seconds = () => new Date(Date.now() + 60 * SECOND).toISOString();
const unavailable = () => new Response('', { status: 503 });

test('a media object without anything to show is not requested again and again', async () => {
  const { leave, changes } = watch({ ...media, state: 'processing' });
  await vi.advanceTimersByTimeAsync(100 * SECOND);
  expect(requests).toBe(0);
  expect(changes()).toBeLessThan(10);
  leave();
});

test('a failed renewal keeps the previous URLs, and is retried patiently', async () => {
  answer = signed;
  const { live, leave } = watch(media);
  await vi.advanceTimersByTimeAsync(SECOND);
  expect(live.get().urls).toEqual({ source: 'http://storage/1' });
  answer = unavailable;
  await vi.advanceTimersByTimeAsync(100 * SECOND);
  expect(live.get().urls).toEqual({ source: 'http://storage/1' });
  expect(requests).toBeLessThan(12);
  await expect(Promise.all([live.renew(), vi.advanceTimersByTimeAsync(SECOND)])).rejects.toMatchObject({
    code: 'unavailable',
  });
  leave();
});

test('a media object that is gone has no URL', async () => {
  answer = signed;
  const { live, leave } = watch(media);
  await vi.advanceTimersByTimeAsync(SECOND);
  live.update({ ...media, rev: 2, state: 'deleted' });
  await vi.advanceTimersByTimeAsync(SECOND);
  expect(live.get().urls).toEqual({});
  leave();
});
