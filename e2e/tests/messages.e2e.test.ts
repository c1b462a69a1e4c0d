import { randomUUID } from 'node:crypto';
import { LIMITS } from '@claimcheck/contracts/limits';
import type { GalleryPage } from '@claimcheck/contracts/lists';
import type { Message } from '@claimcheck/contracts/messages';
import type { Conversation } from '@claimcheck/contracts/rest';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
let ann: ChatUser;
let ben: ChatUser;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
  [ann, ben] = [new ChatUser(system, 'ann'), new ChatUser(system, 'ben')];
});
afterAll(async () => {
  ann?.leave();
  ben?.leave();
  await system?.stop();
});

const asBackend = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${system.apiUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${system.tokenFor('system', { scope: 'claimcheck:admin' })}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test('an album from the upload to the take-down: sent, edited, found, deleted, and never back', async () => {
  const photo = async (filename: string) => {
    const id = await ann.upload({ bytes: await smallPhoto(), filename, filetype: 'image/jpeg' });
    await ann.mediaIn(id, ['ready']);
    return id;
  };
  const ids = [await photo('a.jpg'), await photo('b.jpg')];
  const conversation = await ann.startConversation('ben');
  for (const user of [ann, ben]) await user.follow(conversation);
  const key = randomUUID();
  const album = {
    client_message_id: key,
    body: 'our holidays',
    data: { reply_to: randomUUID() },
    attachments: ids.map((media_object_id) => ({ media_object_id, alt: 'a beach' })),
  };
  const { status, body: sent } = await ann.send(conversation, album);
  expect([status, sent.message_type, sent.client_message_id]).toEqual([201, 'image', key]);

  // Both get it live; only the sender gets its key.
  const isIt = (payload: { message: Message }) => payload.message.message_id === sent.message_id;
  const [atAnn, atBen] = [await ann.event('message.created', isIt), await ben.event('message.created', isIt)];
  expect(atAnn.payload.message.client_message_id).toBe(key);
  expect(atBen.payload.message.client_message_id).toBeUndefined();
  expect(atBen.payload.message).toMatchObject({
    data: album.data,
    attachments: ids.map((media_object_id) => ({ media_object_id, media: { kind: 'image' } })),
  });
  expect(atBen.bytes).toBeLessThan(LIMITS.eventBytes);

  const path = `/v1/conversations/${conversation}/messages/${sent.message_id}`;
  await ann.call('PATCH', path, { body: 'our long holidays' });
  const edited = await ben.event('message.updated', isIt);
  expect(edited.payload.message).toMatchObject({ body: 'our long holidays', seq: sent.seq });

  // Found again: the gallery, and the conversation that moved up with its last message.
  const gallery = await ben.call<GalleryPage>('GET', `/v1/conversations/${conversation}/media?kind=image`);
  expect(gallery.body.items.map(({ media }) => media.media_object_id).sort()).toEqual([...ids].sort());
  const list = await ben.call<{ conversations: Conversation[] }>('GET', '/v1/conversations');
  expect(list.body.conversations[0]?.last_message).toMatchObject({ body: 'our long holidays' });

  // A backend sees it, speaks as the system, and takes one picture down.
  const posted = await asBackend('POST', `/v1/conversations/${conversation}/messages`, {
    client_message_id: randomUUID(),
    body: 'One picture was reported.',
  });
  expect(await posted.json()).toMatchObject({ sender_user_id: 'system', message_type: 'text' });
  const [first = '', second = ''] = ids;
  expect((await asBackend('DELETE', `/v1/media/${first}?force=true&reason=reported`)).status).toBe(204);
  await ben.event(
    'media.updated',
    ({ media }) => media.media_object_id === first && media.state === 'deleted',
  );
  for (const user of [ann, ben]) expect((await user.fetch(`/v1/media/${first}/source`)).status).toBe(410);
  expect((await ben.fetch(`/v1/media/${second}/source`)).status).toBe(200);

  expect((await ann.call('DELETE', path)).status).toBe(204);
  await ben.event('message.deleted', isIt);
  expect(await ann.send(conversation, album)).toMatchObject({
    status: 410,
    body: { code: 'message_deleted', retryable: false },
  });
  const page = await ben.call<{ messages: Message[] }>('GET', `/v1/conversations/${conversation}/messages`);
  expect(page.body.messages.map(({ sender_user_id }) => sender_user_id)).toEqual(['system']);
  expect((await ben.fetch(`/v1/media/${second}/source`)).status).toBe(404);
});
