import { expect, test } from 'vitest';
import type { Message } from '../wire/conversation.ts';
import type { Media } from '../wire/media.ts';
import { withEvent, withMessages } from './conversation-state.ts';

const media = (rev: number, state: Media['state']): Media => ({
  media_object_id: 'media-1',
  rev,
  state,
  kind: 'image',
  owner_user_id: 'ann',
  filename: 'cat.png',
  content_type: 'image/png',
  size_bytes: 10,
  upload_state: 'uploaded',
  thumbnail_state: 'pending',
  scan_state: 'pending',
  transcode_state: 'none',
  mediaUrl: 'http://127.0.0.1/v1/media/media-1/medium',
  qualities: [],
  created_at: '2026-01-01T00:00:00.000Z',
});

const message = (seq: number, extra: Partial<Message> = {}): Message => ({
  message_id: `message-${seq}`,
  conversation_id: 'talk',
  seq,
  sender_user_id: 'ann',
  message_type: 'text',
  created_at: '2026-01-01T00:00:00.000Z',
  ...extra,
});

const picture = (rev: number, state: Media['state']) =>
  message(1, { message_type: 'image', media_object_id: 'media-1', media: media(rev, state) });

const updated = (rev: number, state: Media['state']) =>
  ({ conversation_id: 'talk', seq: 2, type: 'media.updated', media: media(rev, state) }) as const;

test('messages are sorted by seq, and each appears once whatever its source', () => {
  const messages = withMessages([message(2), message(5)], [message(1), message(5, { body: 'again' })]);
  expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 5]);
  expect(messages[2]?.body).toBe('again');
});

test('a media update is applied, and ignored when its rev is lower', () => {
  const ready = withEvent([picture(2, 'processing'), message(3)], updated(4, 'ready'));
  expect(ready[0]?.media).toMatchObject({ rev: 4, state: 'ready' });
  expect(withEvent(ready, updated(3, 'processing'))[0]?.media).toMatchObject({ rev: 4, state: 'ready' });
});

test('a replayed message does not bring back an older state of its media', () => {
  const messages = withMessages([picture(4, 'ready')], [picture(2, 'processing')]);
  expect(messages[0]?.media).toMatchObject({ rev: 4, state: 'ready' });
  const { media: _, ...withoutMedia } = picture(2, 'processing');
  expect(withMessages(messages, [withoutMedia])[0]?.media).toMatchObject({ rev: 4 });
});

test('a deleted message disappears', () => {
  const event = { conversation_id: 'talk', seq: 3, type: 'message.deleted' } as const;
  const left = withEvent([message(1), message(2)], { ...event, message: { message_id: 'message-1' } });
  expect(left.map(({ seq }) => seq)).toEqual([2]);
});

test('an edit changes a message in the list, and adds none', () => {
  const edit = (seq: number, body: string, edited_at: string) =>
    ({
      conversation_id: 'talk',
      seq: 9,
      type: 'message.updated',
      message: { ...message(seq), body, edited_at },
    }) as const;
  const first = withEvent([message(2)], edit(2, 'second version', '2026-01-02T00:00:00.000Z'));
  expect(first[0]?.body).toBe('second version');
  expect(withEvent(first, edit(2, 'a late first', '2026-01-01T12:00:00.000Z'))[0]?.body).toBe(
    'second version',
  );
  expect(withMessages(first, [message(2, { body: 'unedited' })])[0]?.body).toBe('second version');
  expect(withEvent(first, edit(1, 'older than the list', '2026-01-02T00:00:00.000Z'))).toHaveLength(1);
});

test('a media update reaches an album, and keeps fields that the event left out', () => {
  const { mediaUrl: _, qualities: __, ...reference } = media(2, 'processing');
  const album = message(1, {
    media_object_id: 'media-1',
    attachments: [{ media_object_id: 'media-1', media: reference }, { media_object_id: 'media-2' }],
  });
  const ready = withEvent([album], updated(4, 'ready'));
  expect(ready[0]?.attachments?.[0]?.media).toMatchObject({ rev: 4, mediaUrl: expect.any(String) });
  const replayed = withMessages(ready, [album]);
  expect(replayed[0]?.attachments?.[0]?.media).toMatchObject({ rev: 4, mediaUrl: expect.any(String) });
  expect(ready[0]?.media).toBeUndefined();
});
