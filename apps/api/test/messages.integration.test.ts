import { LIMITS } from '@claimcheck/contracts/limits';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { callApi } from './harness/call-api.ts';
import { readyMedia } from './harness/ready-media.ts';
import { createTalks } from './harness/talks.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

let api: TestApi;
let talks: ReturnType<typeof createTalks>;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
  talks = createTalks(api);
});
afterAll(() => api?.close());

describe('the key of a message', () => {
  test('reaches its sender in the answer, the page and the log, and no other user', async () => {
    const { send, page, log } = await talks.talk();
    const { status, body } = await send({ client_message_id: 'phone-1', body: 'hello' });
    expect([status, body.client_message_id]).toEqual([201, 'phone-1']);
    const keysIn = async (user: string) => [
      (await page(user)).map(({ client_message_id }) => client_message_id),
      (await log(user)).flatMap((event) =>
        event.type === 'message.created' ? [event.message.client_message_id] : [],
      ),
    ];
    expect(await keysIn('ann')).toEqual([['phone-1'], ['phone-1']]);
    expect(await keysIn('ben')).toEqual([[undefined], [undefined]]);
  });

  test('stays taken after the deletion: the same key gets 410, and no member gets a message', async () => {
    const { path, send, page, log } = await talks.talk();
    const { body } = await send({ client_message_id: 'gone', body: 'hello' });
    expect((await talks.call('ann', 'DELETE', `${path}/messages/${body.message_id}`)).status).toBe(204);
    const before = await log('ben');
    const again = await send({ client_message_id: 'gone', body: 'hello' });
    expect(again).toMatchObject({
      status: 410,
      body: { code: 'message_deleted', field: 'client_message_id', retryable: false },
    });
    expect(await page('ben')).toEqual([]);
    expect(await log('ben')).toEqual(before);
    // It belongs to its sender and its conversation.
    expect((await send({ client_message_id: 'gone', body: 'mine' }, 'ben')).status).toBe(201);
    const other = await talks.talk();
    expect((await other.send({ client_message_id: 'gone', body: 'elsewhere' })).status).toBe(201);
  });
});

describe('the type of a message', () => {
  test.each([
    ['left out', undefined, 'image'],
    ['of another kind', 'video', 'image'],
    ['of a text', 'text', 'image'],
    ['right', 'image', 'image'],
    ['of a file, by choice', 'file', 'file'],
  ])('%s (%s) is, for a picture: %s', async (_, message_type, expected) => {
    const { send } = await talks.talk();
    const [media_object_id] = await talks.pictures(1);
    const { status, body } = await send({ message_type, media_object_id });
    expect([status, body.message_type]).toEqual([201, expected]);
  });

  test('forwarding only by id keeps the kind', async () => {
    const [first, second] = [await talks.talk(), await talks.talk()];
    const film = await readyMedia(api, 'video/mp4');
    await first.send({ media_object_id: film });
    const forwarded = await second.send({ media_object_id: film }, 'ann');
    expect(forwarded.body).toMatchObject({ message_type: 'video', media: { media_object_id: film } });
  });

  test('a message without media needs a body; one that names a type of media needs media', async () => {
    const { send } = await talks.talk();
    expect(await send({})).toMatchObject({ status: 400, body: { field: 'body' } });
    expect(await send({ message_type: 'image', body: 'x' })).toMatchObject({
      status: 400,
      body: { field: 'media_object_id' },
    });
    expect((await send({ body: 'only words' })).body.message_type).toBe('text');
  });
});

describe('data of the host', () => {
  test('travels with message, media object and reference, in answers and in events', async () => {
    const { id, send, page, log } = await talks.talk();
    const data = { reply_to: uuidv7(), mark: { deep: [1, 'ü', null, true] } };
    await send({ body: 'an answer', data });
    expect((await page('ben'))[0]?.data).toEqual(data);
    const [event] = (await log('ben')).filter(({ type }) => type === 'message.created');
    expect(event).toMatchObject({ message: { data } });

    const upload = await talks.call<{ media: { data: object } }>('ann', 'POST', '/v1/media', {
      client_media_id: uuidv7(),
      filename: 'a.ogg',
      size_bytes: 3,
      content_type: 'audio/ogg',
      data: { waveform: [1, 2, 3] },
    });
    expect(upload.body.media.data).toEqual({ waveform: [1, 2, 3] });

    const [media] = await talks.pictures(1);
    const token = api.tokenFor('host', { scope: 'claimcheck:admin' });
    const path = `/v1/media/${media}/references/post/1`;
    for (const [status, shade] of [
      [201, 'red'],
      [200, 'blue'],
    ]) {
      const body = { conversation_id: id, data: { shade } };
      const response = await callApi(api, 'PUT', path, { token, body });
      expect([response.status, await response.json()]).toMatchObject([status, { data: { shade } }]);
    }
    const kept = await api.context.database.client.media_reference.findFirstOrThrow({
      where: { media_object_id: media ?? '', kind: 'post' },
    });
    expect(kept.data).toEqual({ shade: 'blue' });
  });

  test.each([
    ['is too long', { text: 'x'.repeat(LIMITS.dataBytes) }],
    ['is not an object', 'text'],
    ['is a list', [1]],
    ['has a NUL', { text: 'a\0b' }],
    ['has a NUL in a name', { 'a\0b': 1 }],
    ['has half a surrogate pair', { deep: [{ text: '\ud800' }] }],
  ])('that %s is refused by its name', async (_, data) => {
    const { send } = await talks.talk();
    expect(await send({ body: 'x', data })).toMatchObject({ status: 400, body: { field: 'data' } });
  });
});
