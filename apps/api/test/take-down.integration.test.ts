import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { callApi } from './harness/call-api.ts';
import { createTalks } from './harness/talks.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { keysBelow } from './harness/test-storage.ts';

let api: TestApi;
let talks: ReturnType<typeof createTalks>;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
  talks = createTalks(api);
});
afterAll(() => api?.close());

/** A leaked picture in three conversations: alone, in an album, and in a message that was edited. */
const leaked = async (): Promise<{ id: string; places: Awaited<ReturnType<typeof talks.talk>>[] }> => {
  const [id = '', other = ''] = await talks.pictures(2);
  await api.context.database.client.media_object.update({
    where: { media_object_id: id },
    data: { filename: 'id-card.jpg', alt: 'a secret', thumbhash: 'c2VjcmV0', data: { secret: true } },
  });
  const places = [await talks.talk(), await talks.talk(), await talks.talk()];
  await places[0]?.send({ media_object_id: id });
  await places[1]?.send({ attachments: [{ media_object_id: other }, { media_object_id: id }] });
  const { body } = (await places[2]?.send({ media_object_id: id, body: 'x' })) ?? {};
  await talks.call('ann', 'PATCH', `${places[2]?.path}/messages/${body?.message_id}`, { body: 'y' });
  return { id, places };
};

const backend = () => api.tokenFor('moderator', { scope: 'claimcheck:admin' });
const takeDown = async (id: string, query = '?force=true&reason=leaked+card'): Promise<number> =>
  (await callApi(api, 'DELETE', `/v1/media/${id}${query}`, { token: backend() })).status;

const assertGone = async ({ id, places }: Awaited<ReturnType<typeof leaked>>): Promise<void> => {
  for (const user of ['ann', 'ben'])
    for (const quality of ['source', 'medium', 'thumbnail'])
      expect((await talks.call(user, 'GET', `/v1/media/${id}/${quality}`)).status).toBe(410);
  expect(await keysBelow(api.context.storage, `${id}/`)).toEqual([]);
  for (const place of places) {
    const seen = JSON.stringify([await place.page('ben'), await place.log('ben')]);
    expect(seen).not.toMatch(/secret|id-card|c2VjcmV0/);
    const told = (await place.log('ben')).at(-1);
    expect(told).toMatchObject({ type: 'media.updated', media: { media_object_id: id, state: 'deleted' } });
  }
};

test('a backend takes a media object down everywhere at once; the order and its reason are kept', async () => {
  const card = await leaked();
  expect(await takeDown(card.id, '')).toBe(409);
  expect(await takeDown(card.id)).toBe(204);
  await assertGone(card);
  const { client } = api.context.database;
  const order = { where: { media_object_id: card.id } };
  expect(await client.takedown.findUniqueOrThrow(order)).toMatchObject({
    taken_down_by: 'moderator',
    reason: 'leaked card',
  });
  // Repeated: the first order counts, and members are notified once.
  const [place] = card.places;
  const before = await place?.log('ben');
  expect(await takeDown(card.id, '?force=true&reason=other')).toBe(204);
  expect(await place?.log('ben')).toEqual(before);
  expect((await client.takedown.findUniqueOrThrow(order)).reason).toBe('leaked card');
  // Its owner's client still knows it: the key does not name a new upload.
  const alias = await client.media_alias.findFirstOrThrow(order);
  const again = await api.post('ann', '/v1/media', {
    client_media_id: alias.client_media_id,
    filename: 'id-card.jpg',
    size_bytes: 1_000,
    content_type: 'image/jpeg',
  });
  expect(JSON.parse(again.text)).toMatchObject({ media: { media_object_id: card.id, state: 'deleted' } });
});

test('an operator does the same on the command line, with a reason', async () => {
  const card = await leaked();
  const run = async (...argv: string[]) => {
    const said = { out: '', error: '' };
    const code = await runCli(COMMANDS, argv, api.env, {
      out: (text) => {
        said.out += text;
      },
      error: (text) => {
        said.error += text;
      },
      audit: () => {},
    });
    return { code, ...said };
  };
  expect(await run('media', 'erase', card.id)).toMatchObject({
    code: 64,
    error: expect.stringContaining('--reason is missing'),
  });
  const erased = await run('media', 'erase', card.id, '--reason', 'court order 7', '--by', 'eve', '--json');
  expect(erased.error).toBe('');
  expect(JSON.parse(erased.out)).toEqual({
    media_object_id: card.id,
    taken_down_by: 'eve',
    reason: 'court order 7',
    new: true,
  });
  await assertGone(card);
  expect((await run('media', 'show', card.id)).out).toMatch(/reason +court order 7/);
  expect((await run('media', 'erase', card.id, '--reason', 'again')).out).toContain('was taken down before');
  expect((await run('media', 'erase', uuidv7(), '--reason', 'x')).error).toMatch(/^not_found/);
});

test('the owner cannot force, and a backend deletes what nothing refers to without force', async () => {
  const [id = ''] = await talks.pictures(1);
  expect((await talks.call('ann', 'DELETE', `/v1/media/${id}?force=true`)).status).toBe(403);
  expect(await takeDown(id, '')).toBe(204);
  expect((await talks.call('ann', 'GET', `/v1/media/${id}/source`)).status).toBe(410);
  expect(await takeDown(uuidv7())).toBe(404);
});
