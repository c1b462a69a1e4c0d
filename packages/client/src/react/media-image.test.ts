import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Media } from '../wire/media.ts';
import { ClaimcheckProvider } from './claimcheck-provider.tsx';
import { MediaImage } from './media-image.tsx';
import { MediaVideo } from './media-video.tsx';

const client = createClient({
  baseUrl: 'http://127.0.0.1:9',
  getToken: () => 'token',
  userId: 'ann',
  store: memoryStore(),
});

const media = (extra: Partial<Media> = {}): Media => ({
  media_object_id: crypto.randomUUID(),
  rev: 1,
  state: 'processing',
  kind: 'image',
  owner_user_id: 'ann',
  filename: 'beach.jpg',
  content_type: 'image/jpeg',
  size_bytes: 10,
  upload_state: 'uploaded',
  thumbnail_state: 'pending',
  scan_state: 'pending',
  transcode_state: 'none',
  mediaUrl: 'http://127.0.0.1:9/v1/media/id/source',
  qualities: [],
  created_at: '2026-01-01T00:00:00.000Z',
  ...extra,
});

const PARTS = { image: MediaImage, video: MediaVideo };
const render = (kind: 'image' | 'video', shown: Media, labels = {}) =>
  renderToStaticMarkup(
    createElement(ClaimcheckProvider, { client }, createElement(PARTS[kind], { media: shown, labels })),
  );

test.each(['image', 'video'] as const)(
  '%s: its frame has the final shape, and the blur, before anything is loaded',
  (kind) => {
    const html = render(
      kind,
      media({ kind, width: 640, height: 320, thumbhash: '1QcSHQRnh493V4dIh4eXh1h4kJUI' }),
    );
    expect(html).toContain('aspect-ratio:2');
    expect(html).toContain('url(data:image/png;base64,');
    expect(html).toContain('aria-busy="true"');
  },
);

test('a ready picture waits for its URLs before it says that it could not be loaded', () => {
  for (const kind of ['image', 'video'] as const) {
    const html = render(
      kind,
      media({ kind, state: 'ready', qualities: [{ quality: 'medium', format: 'webp', size_bytes: 10 }] }),
    );
    expect(html).not.toContain('Could not be loaded');
    expect(html).toContain('aria-busy="true"');
  }
});

test('a picture without a size takes its shape from the blur, and a photo’s shape without a blur', () => {
  const ratioIn = (html: string) => Number(/aspect-ratio:([\d.]+)/.exec(html)?.[1]);
  expect(ratioIn(render('image', media()))).toBeCloseTo(4 / 3);
  expect(ratioIn(render('image', media({ thumbhash: 'no hash' })))).toBeCloseTo(4 / 3);
  expect(ratioIn(render('video', media({ kind: 'video' })))).toBeCloseTo(16 / 9);
});

test.each([
  ['blocked', 'Blocked: the virus scanner objected to it'],
  ['failed', 'Could not be processed'],
  ['expired', 'No longer kept'],
  ['deleted', 'Deleted'],
] as const)('%s shows why, with the name, and loads nothing', (state, words) => {
  for (const kind of ['image', 'video'] as const) {
    const html = render(kind, media({ state, kind, alt: 'a beach' }));
    // A failed picture is shown as a file.
    if (state === 'failed') expect(html).toMatch(new RegExp(`beach.jpg.*10 bytes.*${words}`));
    else expect(html).toContain(`role="img" aria-label="a beach: ${words}"`);
    expect(html).not.toContain('aria-busy="true"');
    expect(html).not.toMatch(/<img|<video/);
  }
});

test('the host can replace the words', () => {
  expect(render('image', media({ state: 'expired' }), { expired: 'Abgelaufen' })).toContain(
    'beach.jpg: Abgelaufen',
  );
});

test('a component without a provider names the missing provider', () => {
  const orphan = createElement(MediaImage, { media: media() });
  expect(() => renderToStaticMarkup(orphan)).toThrow(/ClaimcheckProvider client=/);
});
