import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createTalks } from './harness/talks.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

let api: TestApi;
let talks: ReturnType<typeof createTalks>;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
  talks = createTalks(api);
});
afterAll(() => api?.close());

describe('an edit', () => {
  test('changes text and alt for all members, once, with a separate event', async () => {
    const { path, send, page, log } = await talks.talk();
    const [media_object_id] = await talks.pictures(1);
    const { body: sent } = await send({ media_object_id, body: 'a beech', alt: 'sand' });
    const edit = { body: 'a beach', alt: 'sand and sea' };
    const url = `${path}/messages/${sent.message_id}`;
    const first = await talks.call('ann', 'PATCH', url, edit);
    expect(first).toMatchObject({
      status: 200,
      body: { ...edit, seq: sent.seq, message_id: sent.message_id, edited_at: expect.any(String) },
    });
    // Repeated: nothing changes, so no event follows.
    expect(await talks.call('ann', 'PATCH', url, edit)).toEqual(first);
    expect(await page('ben')).toMatchObject([{ ...edit, edited_at: first.body.edited_at }]);
    const updates = (await log('ben')).filter(({ type }) => type === 'message.updated');
    expect(updates).toMatchObject([{ seq: sent.seq + 1, message: { ...edit, seq: sent.seq } }]);
    const second = await talks.call('ann', 'PATCH', url, { body: null, alt: '' });
    expect([second.body.body, second.body.alt]).toEqual([undefined, undefined]);
    expect(Date.parse(second.body.edited_at ?? '')).toBeGreaterThan(Date.parse(first.body.edited_at ?? ''));
  });

  test('of an album changes the alts that it names', async () => {
    const { path, send } = await talks.talk();
    const ids = await talks.pictures(2);
    const { body } = await send({
      attachments: ids.map((media_object_id) => ({ media_object_id, alt: 'old' })),
    });
    const url = `${path}/messages/${body.message_id}`;
    const edited = await talks.call('ann', 'PATCH', url, {
      attachments: [{ media_object_id: ids[1], alt: 'new' }],
    });
    expect(edited.body.attachments).toMatchObject([{ alt: 'old' }, { alt: 'new' }]);
    expect(await talks.call('ann', 'PATCH', url, { alt: 'x' })).toMatchObject({
      status: 400,
      body: { field: 'alt' },
    });
    expect(
      await talks.call('ann', 'PATCH', url, { attachments: [{ media_object_id: uuidv7(), alt: 'x' }] }),
    ).toMatchObject({ status: 400, body: { field: 'attachments.0.media_object_id' } });
  });

  test('of a text cannot take its body away; of a deleted message finds nothing', async () => {
    const { path, send } = await talks.talk();
    const { body } = await send({ body: 'words' });
    const url = `${path}/messages/${body.message_id}`;
    expect(await talks.call('ann', 'PATCH', url, { body: '' })).toMatchObject({
      status: 400,
      body: { field: 'body' },
    });
    expect((await talks.call('ann', 'PATCH', url, {})).status).toBe(400);
    await talks.call('ann', 'DELETE', url);
    expect((await talks.call('ann', 'PATCH', url, { body: 'more' })).status).toBe(404);
  });

  test('leaves the log with the message: a deletion takes every version out', async () => {
    const { path, send, log } = await talks.talk();
    const { body } = await send({ body: 'first secret' });
    const url = `${path}/messages/${body.message_id}`;
    await talks.call('ann', 'PATCH', url, { body: 'second secret' });
    await talks.call('ann', 'PATCH', url, { body: 'third secret' });
    await talks.call('ann', 'DELETE', url);
    expect(JSON.stringify(await log('ben'))).not.toContain('secret');
  });

  test('many at the same time end with one text, and as many events as edits', async () => {
    const { path, send, page, log } = await talks.talk();
    const { body } = await send({ body: 'start' });
    const url = `${path}/messages/${body.message_id}`;
    const words = Array.from({ length: 10 }, (_, index) => `version ${index}`);
    await Promise.all(words.map((word) => talks.call('ann', 'PATCH', url, { body: word })));
    const updates = (await log('ann')).flatMap((event) =>
      event.type === 'message.updated' ? [event.message] : [],
    );
    expect(updates).toHaveLength(words.length);
    const times = updates.map(({ edited_at }) => Date.parse(edited_at ?? ''));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect((await page('ben'))[0]?.body).toBe(updates.at(-1)?.body);
  });
});
