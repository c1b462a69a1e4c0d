import { expect, test } from 'vitest';
import { createHttp } from '../http.ts';
import { Outbox } from '../messages/outbox.ts';
import { memoryStore } from '../store/memory-store.ts';
import { Records } from '../store/records.ts';
import { Tokens } from '../tokens.ts';
import type { Message } from '../wire/conversation.ts';
import { visibleOutgoing } from './visible-outgoing.ts';

const outbox = () =>
  new Outbox({
    http: createHttp('http://127.0.0.1:9', new Tokens(() => 'token')),
    records: new Records(
      memoryStore(),
      async () => 'test|',
      () => {},
    ),
    uploads: {
      find: () => undefined,
      restart: (upload) => upload,
      subscribe: () => () => {},
      waitForOtherTabs: async () => {},
      resumeBlocker: () => undefined,
    },
    onSent: () => {},
  });

const arrived = (seq: number, body: string, sender = 'ann'): Message => ({
  message_id: `m${seq}`,
  conversation_id: 'talk',
  seq,
  sender_user_id: sender,
  message_type: 'text',
  body,
  created_at: '2026-01-01T00:00:00.000Z',
});

test('a message whose event precedes the answer appears once; the same text sent twice appears twice', () => {
  const box = outbox();
  const waiting = ['ok', 'ok', 'later'].map((text) => box.send('talk', { text }));
  const left = (messages: Message[]) =>
    visibleOutgoing(waiting, messages, 'ann', () => 4).map(({ text }) => text);
  expect(left([])).toEqual(['ok', 'ok', 'later']);
  expect(left([arrived(5, 'ok')])).toEqual(['ok', 'later']);
  expect(left([arrived(5, 'ok'), arrived(6, 'ok')])).toEqual(['later']);
  expect(left([arrived(4, 'ok'), arrived(5, 'ok', 'ben')])).toEqual(['ok', 'ok', 'later']);
});
