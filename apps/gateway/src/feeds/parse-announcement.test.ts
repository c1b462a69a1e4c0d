import { describe, expect, test } from 'vitest';
import { parseConversationAnnouncement, parseUserAnnouncement } from './parse-announcement.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const id = '0195b2f0-0000-7000-8000-000000000001';
const created = {
  type: 'message.created',
  conversation_id: 'c1',
  seq: 3,
  message: { message_id: id, body: 'hello', something_new: 1 },
};

describe('announcements of a conversation', () => {
  test('pass with everything in them', () => {
    expect(parseConversationAnnouncement(bytes(created), 'c1')).toEqual(created);
  });

  test('progress has no seq', () => {
    const progress = { type: 'media.progress', conversation_id: 'c1', media_object_id: id, percent: 40 };
    expect(parseConversationAnnouncement(bytes(progress), 'c1')).toEqual(progress);
  });

  test.each([
    ['not JSON', new TextEncoder().encode('{"type":')],
    ['not UTF-8', new Uint8Array([0xff, 0xfe, 0x00])],
    ['nothing', new Uint8Array()],
    ['null', bytes(null)],
    ['another conversation', bytes({ ...created, conversation_id: 'c2' })],
    ['an unknown type', bytes({ ...created, type: 'disconnect' })],
    ['a seq that is no number', bytes({ ...created, seq: '3' })],
    ['a seq of 0', bytes({ ...created, seq: 0 })],
    ['no message', bytes({ ...created, message: undefined })],
    [
      'a percentage beyond 100',
      bytes({ type: 'media.progress', conversation_id: 'c1', media_object_id: id, percent: 400 }),
    ],
  ])('%s is refused', (_, data) => {
    expect(parseConversationAnnouncement(data, 'c1')).toBeUndefined();
  });
});

test('announcements to a user', () => {
  expect(parseUserAnnouncement(bytes({ type: 'conversation.added', conversation_id: 'c1' }))).toEqual({
    type: 'conversation.added',
    conversation_id: 'c1',
  });
  expect(
    parseUserAnnouncement(bytes({ type: 'conversation.added', conversation_id: 'a.b' })),
  ).toBeUndefined();
  expect(parseUserAnnouncement(bytes({ type: 'error', conversation_id: 'c1' }))).toBeUndefined();
});
