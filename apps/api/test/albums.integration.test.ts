import { LIMITS } from '@claimcheck/contracts/limits';
import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
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

const bytesOf = (event: object): number => Buffer.byteLength(JSON.stringify(event));

describe('an album', () => {
  test('shows its media in their order, in answer, page and event; each is referred to', async () => {
    const { send, page, log } = await talks.talk();
    const ids = (await talks.pictures(3)).toReversed();
    const attachments = ids.map((media_object_id, index) => ({ media_object_id, alt: `picture ${index}` }));
    const { status, body } = await send({ body: 'our holidays', attachments });
    expect(status).toBe(201);
    expect(body).toMatchObject({ message_type: 'image', media_object_id: ids[0], body: 'our holidays' });
    expect(body.media).toBeUndefined();
    for (const message of [body, (await page('ben'))[0]])
      expect(message?.attachments).toMatchObject(
        ids.map((media_object_id, index) => ({
          media_object_id,
          alt: `picture ${index}`,
          media: { media_object_id, state: 'ready', mediaUrl: expect.any(String) },
        })),
      );
    const created = (await log('ben')).find(({ type }) => type === 'message.created');
    expect(created).toMatchObject({
      message: {
        attachments: ids.map((media_object_id) => ({
          media_object_id,
          media: { media_object_id, kind: 'image', state: 'ready', rev: expect.any(Number) },
        })),
      },
    });
    const { client } = api.context.database;
    const where = { kind: 'message', ref_id: body.message_id };
    expect(await client.media_reference.count({ where })).toBe(3);
    for (const id of ids)
      expect((await talks.call('ben', 'GET', `/v1/media/${id}`)).status, 'a member sees each of them').toBe(
        200,
      );
  });

  test('deleted, lets go of all of them', async () => {
    const { path, send } = await talks.talk();
    const ids = await talks.pictures(2);
    const { body } = await send({ attachments: ids.map((media_object_id) => ({ media_object_id })) });
    await talks.call('ann', 'DELETE', `${path}/messages/${body.message_id}`);
    for (const id of ids) {
      const media = await talks.call<{ expires_at?: string }>('ann', 'GET', `/v1/media/${id}`);
      expect(media.body.expires_at).toEqual(expect.any(String));
      expect((await talks.call('ben', 'GET', `/v1/media/${id}`)).status).toBe(404);
    }
  });

  test('is sent once, however often and at the same time', async () => {
    const { send, page } = await talks.talk();
    const ids = await talks.pictures(2);
    const message = {
      client_message_id: 'album',
      attachments: ids.map((media_object_id) => ({ media_object_id })),
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(message)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.message_id)).size).toBe(1);
    expect(await page('ann')).toHaveLength(1);
  });

  test('of one is a message with one', async () => {
    const { send } = await talks.talk();
    const [media_object_id] = await talks.pictures(1);
    const { body } = await send({ attachments: [{ media_object_id, filename: 'b.jpg', alt: 'b' }] });
    expect(body).toMatchObject({ media_object_id, filename: 'b.jpg', alt: 'b', media: { media_object_id } });
    expect(body.attachments).toBeUndefined();
  });

  test('an invalid album is refused with the field named', async () => {
    const { send } = await talks.talk();
    const [a, b] = await talks.pictures(2);
    const item = (media_object_id: unknown) => ({ media_object_id });
    const refused = async (message: object) => {
      const { status, body } = await send(message);
      return [status, body];
    };
    expect(await refused({ attachments: [item(a), item(a)] })).toMatchObject([400, { field: 'attachments' }]);
    const eleven = await talks.pictures(11);
    expect(await refused({ attachments: eleven.map(item) })).toMatchObject([400, { field: 'attachments' }]);
    expect(await refused({ media_object_id: b, attachments: [item(a), item(b)] })).toMatchObject([
      400,
      { field: 'media_object_id' },
    ]);
    expect(await refused({ attachments: [item(a), item(uuidv7())] })).toMatchObject([
      404,
      { field: 'attachments.1.media_object_id' },
    ]);
    expect(await refused({ alt: 'x', attachments: [item(a), item(b)] })).toMatchObject([
      400,
      { field: 'attachments' },
    ]);
  });
});

describe('an event at its largest', () => {
  /** The longest names that media objects may have. */
  const withLongNames = async (ids: readonly string[]): Promise<void> => {
    await api.context.database.client.media_object.updateMany({
      where: { media_object_id: { in: [...ids] } },
      data: {
        filename: `${'n'.repeat(LIMITS.filenameBytes - 4)}.jpg`,
        alt: 'a'.repeat(LIMITS.altBytes),
        content_type: `image/${'x'.repeat(120)}`,
        data: { text: 'd'.repeat(1_000) },
      },
    });
  };
  const largest = async (log: (user: string) => Promise<ConversationEvent[]>): Promise<number> =>
    Math.max(...(await log('ann')).map(bytesOf));

  test('ten media objects with the longest names, alts and data stay under 8 KiB, and are whole in the page', async () => {
    const { send, page, log } = await talks.talk();
    const ids = await talks.pictures(LIMITS.attachments);
    await withLongNames(ids);
    const { status } = await send({
      client_message_id: 'k'.repeat(128),
      body: 'b'.repeat(2_000),
      data: { text: 'd'.repeat(900) },
      attachments: ids.map((media_object_id) => ({ media_object_id })),
    });
    expect(status).toBe(201);
    expect(await largest(log)).toBeLessThanOrEqual(LIMITS.eventBytes);
    const [message] = await page('ben');
    expect(message?.attachments?.map(({ media }) => media?.alt?.length)).toEqual(
      ids.map(() => LIMITS.altBytes),
    );
  });

  test('ten with 3,000 bytes of the message’s own texts arrive whole', async () => {
    const { send, log } = await talks.talk();
    const ids = await talks.pictures(LIMITS.attachments);
    await withLongNames(ids);
    const attachments = ids.map((media_object_id) => ({
      media_object_id,
      filename: 'f'.repeat(100),
      alt: 'a'.repeat(150),
    }));
    const { status } = await send({ body: 'b'.repeat(500), attachments });
    expect(status).toBe(201);
    expect(await largest(log)).toBeLessThanOrEqual(LIMITS.eventBytes);
    const created = (await log('ben')).find(({ type }) => type === 'message.created');
    expect(created).toMatchObject({ message: { attachments } });
  });

  test('a single one with the longest of everything arrives', async () => {
    const { path, send, log } = await talks.talk();
    const ids = await talks.pictures(1);
    await withLongNames(ids);
    const { status, body } = await send({
      client_message_id: 'k'.repeat(128),
      media_object_id: ids[0],
      body: 'b'.repeat(LIMITS.messageBodyBytes),
      filename: 'f'.repeat(LIMITS.filenameBytes),
      alt: 'a'.repeat(LIMITS.altBytes),
      data: { text: 'd'.repeat(1_000) },
    });
    expect(status).toBe(201);
    const alt = 'z'.repeat(LIMITS.altBytes);
    expect((await talks.call('ann', 'PATCH', `${path}/messages/${body.message_id}`, { alt })).status).toBe(
      200,
    );
    expect(await largest(log)).toBeLessThanOrEqual(LIMITS.eventBytes);
  });

  test('texts that cannot fit are refused, and nothing is sent', async () => {
    const { send, page } = await talks.talk();
    const ids = await talks.pictures(LIMITS.attachments);
    const attachments = ids.map((media_object_id) => ({
      media_object_id,
      alt: 'a'.repeat(LIMITS.altBytes),
    }));
    expect(await send({ attachments })).toMatchObject({ status: 413, body: { code: 'too_large' } });
    expect(await page('ann')).toEqual([]);
  });
});
