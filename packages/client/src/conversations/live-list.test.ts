import { expect, test } from 'vitest';
import type { Conversation, ConversationEvent, Message } from '../wire/conversation.ts';
import type { FollowHandlers } from './follower.ts';
import { LiveList } from './live-list.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

const message = (conversation_id: string, seq: number, from = 'ben'): Message => ({
  message_id: `${conversation_id}-${seq}`,
  conversation_id,
  seq,
  sender_user_id: from,
  message_type: 'text',
  body: `number ${seq}`,
  created_at: at(seq),
});

const conversation = (id: string, last: Message | undefined, last_seq = last?.seq ?? 0): Conversation => ({
  conversation_id: id,
  created_by: 'ann',
  member_ids: ['ann', 'ben'],
  last_seq,
  last_message: last,
  created_at: at(0),
});

const created = (told: Message): ConversationEvent => ({
  conversation_id: told.conversation_id,
  seq: told.seq,
  type: 'message.created',
  message: told,
});

/** A client of ann's whose server has these conversations, and a subscriber of its list. */
const open = async (...listed: Conversation[]) => {
  const server = { listed, requests: 0 };
  const followed: [string, number][] = [];
  let handlers: FollowHandlers | undefined;
  const list = new LiveList({
    conversations: {
      list: async () => {
        server.requests += 1;
        return server.listed;
      },
      create: () => Promise.reject(new Error('not here')),
      media: () => Promise.reject(new Error('not here')),
    },
    userId: async () => 'ann',
    follow: (given) => {
      handlers = given;
      return {
        follow: (id, since) => followed.push([id, since]),
        unfollow: () => {},
        close: () => {},
      };
    },
  });
  const leave = list.subscribe(() => {});
  await list.reload();
  if (handlers === undefined) throw new Error('it follows nothing');
  const ids = () => list.get().conversations?.map(({ conversation_id }) => conversation_id);
  return { list, server, followed, handlers, leave, ids };
};

test('a message moves its conversation up, and counts as unread unless the user sent it', async () => {
  const { list, handlers, ids, followed } = await open(
    conversation('a', message('a', 5)),
    conversation('b', message('b', 3)),
  );
  expect(ids()).toEqual(['a', 'b']);
  expect(followed).toEqual([
    ['a', 5],
    ['b', 3],
  ]);
  handlers.onEvent(created(message('b', 8)));
  handlers.onEvent(created(message('b', 9, 'ann')));
  expect(ids()).toEqual(['b', 'a']);
  expect(list.get().conversations?.[0]).toMatchObject({ unread: 1, last_seq: 9, last_message: { seq: 9 } });
  list.markRead('b');
  expect(list.get().conversations?.[0]?.unread).toBe(0);
});

test('an event that the list has already changes nothing', async () => {
  const { list, handlers } = await open(conversation('a', message('a', 5)));
  handlers.onEvent(created(message('a', 4)));
  expect(list.get().conversations).toMatchObject([{ unread: 0, last_message: { seq: 5 } }]);
});

test('after the last message was deleted the server says which one is', async () => {
  const { list, handlers, server } = await open(conversation('a', message('a', 5)));
  server.listed = [conversation('a', message('a', 2), 6)];
  handlers.onEvent({ conversation_id: 'a', seq: 6, type: 'message.deleted', message: { message_id: 'a-5' } });
  expect(list.get().conversations?.[0]?.last_message).toBeUndefined();
  await list.reload();
  expect(list.get().conversations?.[0]?.last_message?.seq).toBe(2);
});

test('conversations come and go while the list is open', async () => {
  const { list, handlers, server, ids, followed } = await open(conversation('a', message('a', 5)));
  server.listed = [conversation('new', undefined), ...server.listed];
  handlers.onConversationAdded('new');
  await list.reload();
  expect(ids()).toEqual(['a', 'new']);
  expect(followed).toEqual([
    ['a', 5],
    ['new', 0],
  ]);
  handlers.onConversationRemoved('a');
  expect(ids()).toEqual(['new']);
});

test('one that missed too much starts again where the server is', async () => {
  const { list, handlers, server, followed } = await open(conversation('a', message('a', 5)));
  server.listed = [conversation('a', message('a', 900))];
  handlers.onResync('a');
  await list.reload();
  await expect.poll(() => followed.at(-1)).toEqual(['a', 900]);
  expect(list.get().conversations).toMatchObject([{ unread: 1, last_message: { seq: 900 } }]);
});

test('after a lost connection missed messages count as unread, however the list is loaded again', async () => {
  const { list, handlers, server } = await open(conversation('a', message('a', 5)));
  server.listed = [conversation('a', message('a', 7))];
  handlers.onConnectionState('connected');
  await list.reload();
  handlers.onEvents?.([created(message('a', 6)), created(message('a', 7))]);
  expect(list.get().conversations).toMatchObject([{ unread: 2, last_seq: 7, last_message: { seq: 7 } }]);
});

test('without a subscriber nothing is kept', async () => {
  const { list, leave, server } = await open(conversation('a', message('a', 5)));
  leave();
  const { requests } = server;
  await list.reload();
  expect([server.requests, list.get()]).toEqual([requests, { connection: 'disconnected' }]);
});
