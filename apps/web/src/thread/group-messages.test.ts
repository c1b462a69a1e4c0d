import type { Message } from '@claimcheck/client';
import { expect, test } from 'vitest';
import { groupMessages } from './group-messages.ts';

const START = new Date(2026, 0, 1, 12).getTime();

const message = (seq: number, extra: Partial<Message> = {}, afterMs = seq * 1_000): Message => ({
  message_id: `message-${seq}`,
  conversation_id: 'c',
  seq,
  sender_user_id: 'ann',
  message_type: 'text',
  body: 'hello',
  created_at: new Date(START + afterMs).toISOString(),
  ...extra,
});

const photo = (seq: number, extra: Partial<Message> = {}, afterMs?: number): Message => {
  const { body: _, ...rest } = message(seq, {}, afterMs);
  const media = {
    media_object_id: `media-${seq}`,
    rev: 1,
    state: 'ready',
    kind: 'image',
    owner_user_id: 'ann',
    filename: 'a.jpg',
    content_type: 'image/jpeg',
    size_bytes: 1,
    upload_state: 'uploaded',
    thumbnail_state: 'ready',
    scan_state: 'clean',
    transcode_state: 'none',
    mediaUrl: 'http://127.0.0.1/',
    qualities: [],
    created_at: rest.created_at,
  } as const;
  return { ...rest, message_type: 'image', media: { ...media, qualities: [] }, ...extra };
};

const sizes = (messages: Message[]) =>
  groupMessages(messages).map((day) => day.albums.map((album) => album.messages.length));

test('photos that were sent together are grouped, everything else stands alone', () => {
  expect(sizes([message(1), photo(2), photo(3), photo(4), message(5), photo(6)])).toEqual([[1, 3, 1, 1]]);
});

test("another sender's photo, or a later one, starts another album", () => {
  expect(sizes([photo(1), photo(2, { sender_user_id: 'ben' }), photo(3), photo(4, {}, 600_000)])).toEqual([
    [1, 1, 1, 1],
  ]);
});

test('a picture that is gone stands alone, with space to say why', () => {
  const blocked = photo(2);
  if (blocked.media) blocked.media.state = 'blocked';
  expect(sizes([photo(1), blocked, photo(3), photo(4)])).toEqual([[1, 1, 2]]);
});

test('a new day starts another group', () => {
  expect(sizes([photo(1), photo(2, {}, 86_400_000)])).toEqual([[1], [1]]);
});
