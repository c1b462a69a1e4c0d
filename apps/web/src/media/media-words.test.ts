import type { Media } from '@claimcheck/client';
import { MEDIA_STATES } from '@claimcheck/contracts/media';
import { expect, test } from 'vitest';
import { mediaWords } from './media-words.ts';

const media = (extra: Partial<Media>): Media => ({
  media_object_id: 'media-1',
  rev: 1,
  state: 'ready',
  kind: 'image',
  owner_user_id: 'ann',
  filename: 'cat.png',
  content_type: 'image/png',
  size_bytes: 10,
  upload_state: 'uploaded',
  thumbnail_state: 'ready',
  scan_state: 'clean',
  transcode_state: 'none',
  mediaUrl: 'http://127.0.0.1/v1/media/media-1/medium',
  qualities: [],
  created_at: '2026-01-01T00:00:00.000Z',
  ...extra,
});

test('available, clean media needs no words; every other state has some', () => {
  const silent = MEDIA_STATES.filter((state) => mediaWords(media({ state })) === undefined);
  expect(silent).toEqual(['ready', 'expiring']);
});

test('a file that could not be scanned says so; a note above the list says that scans are off', () => {
  expect(mediaWords(media({ scan_state: 'skipped' }))).toBeUndefined();
  expect(mediaWords(media({ scan_state: 'unscannable' }))).toContain('Could not be scanned');
});

test('a failure shows its reason', () => {
  const failure = { code: 'unreadable', message: 'The file is damaged or not readable.' };
  expect(mediaWords(media({ state: 'failed', failure }))).toContain(failure.message);
});

test('processing shows what it waits for', () => {
  const processing = { state: 'processing', kind: 'video' } as const;
  expect(mediaWords(media({ ...processing, scan_state: 'pending' }))).toContain('virus scanner');
  expect(mediaWords(media({ ...processing, transcode_state: 'running', progress: 40 }))).toContain('40 %');
});
