import type { GalleryPage, UserMediaPage } from '@claimcheck/contracts/lists';
import type { Conversation } from '@claimcheck/contracts/rest';
import type { Prisma } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { conversationsSql } from '../src/media/messages/list-conversations.ts';
import { gallerySql } from '../src/media/messages/list-gallery.ts';
import { toCursor } from '../src/media/record/page-cursor.ts';
import { userMediaSql } from '../src/media/reports/list-user-media.ts';
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

/** Reads all pages of a list, one after the other. */
const pagesOf = async <Page extends { next?: string | undefined }>(
  user: string,
  path: string,
  limit: number,
): Promise<Page[]> => {
  const pages: Page[] = [];
  for (let before = ''; ; ) {
    const joint = path.includes('?') ? '&' : '?';
    const { status, body } = await talks.call<Page>(user, 'GET', `${path}${joint}limit=${limit}${before}`);
    expect(status).toBe(200);
    pages.push(body);
    if (body.next === undefined) return pages;
    before = `&before=${body.next}`;
  }
};

describe('the gallery of a conversation', () => {
  test('has every media object once for each reference, newest first, in pages, of all kinds or one', async () => {
    const place = await talks.talk();
    const [a, b, c] = await talks.pictures(3);
    const film = await readyMedia(api, 'video/mp4');
    await place.send({ media_object_id: a, alt: 'the first' });
    await place.send({ media_object_id: film });
    await place.send({ attachments: [{ media_object_id: b }, { media_object_id: c, alt: 'third' }] });
    await place.send({ body: 'only words' });
    await place.send({ media_object_id: a }, 'ann');
    const path = `${place.path}/media`;
    const idsOf = (pages: GalleryPage[]) =>
      pages.flatMap(({ items }) => items.map(({ media }) => media.media_object_id));
    const pages = await pagesOf<GalleryPage>('ben', path, 2);
    expect(pages.map(({ items }) => items.length)).toEqual([2, 2, 1]);
    expect(idsOf(pages)).toEqual([a, ...[b, c].toSorted().toReversed(), film, a]);
    const [whole] = await pagesOf<GalleryPage>('ben', path, 50);
    expect(whole?.items.find(({ media }) => media.media_object_id === c)).toMatchObject({
      alt: 'third',
      message: { seq: expect.any(Number), sender_user_id: 'ann' },
      reference: { kind: 'message' },
    });
    expect(whole?.items.at(-1)).toMatchObject({ alt: 'the first' });
    expect(idsOf(await pagesOf<GalleryPage>('ben', `${path}?kind=video`, 2))).toEqual([film]);
    expect(idsOf(await pagesOf<GalleryPage>('ben', `${path}?kind=audio`, 2))).toEqual([]);
  });

  test('shows media of a host’s references, and none that is gone or of a deleted message', async () => {
    const place = await talks.talk();
    const [kept, deleted, taken] = await talks.pictures(3);
    const token = api.tokenFor('host', { scope: 'claimcheck:admin' });
    const body = { conversation_id: place.id, data: { post: 1 } };
    await callApi(api, 'PUT', `/v1/media/${kept}/references/post/p.1`, { token, body });
    const sent = await place.send({ media_object_id: deleted });
    await talks.call('ann', 'DELETE', `${place.path}/messages/${sent.body.message_id}`);
    await place.send({ media_object_id: taken });
    await callApi(api, 'DELETE', `/v1/media/${taken}?force=true`, { token });
    const { body: page } = await talks.call<GalleryPage>('ben', 'GET', `${place.path}/media`);
    expect(page.items).toMatchObject([
      { media: { media_object_id: kept }, reference: { kind: 'post', ref_id: 'p.1', data: { post: 1 } } },
    ]);
    expect(page.items[0]?.message).toBeUndefined();
  });

  test.each(['x', 'bnVsbA', Buffer.from('["a"]').toString('base64url')])(
    'a place that is none (%s) is refused by its name',
    async (before) => {
      const place = await talks.talk();
      for (const path of [`${place.path}/media`, '/v1/conversations', '/v1/users/ann/media'])
        expect(await talks.call('ann', 'GET', `${path}?before=${before}`)).toMatchObject({
          status: 400,
          body: { field: 'before' },
        });
    },
  );
});

test('a user’s media come newest first, in pages, sent or not; others are refused', async () => {
  const owner = `own-${uuidv7()}`;
  const ids = await talks.pictures(5);
  await api.context.database.client.media_object.updateMany({
    where: { media_object_id: { in: ids } },
    data: { owner_user_id: owner },
  });
  const path = `/v1/users/${owner}/media`;
  const pages = await pagesOf<UserMediaPage>(owner, path, 2);
  expect(pages.map(({ media }) => media.length)).toEqual([2, 2, 1]);
  expect(pages.flatMap(({ media }) => media.map(({ media_object_id }) => media_object_id))).toEqual(
    ids.toSorted().toReversed(),
  );
  expect((await talks.call(owner, 'GET', `${path}?kind=audio`)).body).toEqual({ media: [] });
  expect((await talks.call('ben', 'GET', path)).status).toBe(403);
});

test('a user’s usage shows stored bytes and limits', async () => {
  const owner = `use-${uuidv7()}`;
  const upload = { client_media_id: 'u', filename: 'a', size_bytes: 700, content_type: 'text/plain' };
  await api.post(owner, '/v1/media', upload);
  expect((await talks.call(owner, 'GET', `/v1/users/${owner}/usage`)).body).toEqual({
    user_id: owner,
    used_bytes: 700,
    open_uploads: 1,
    max_open_uploads: 100,
    uploads_today: 1,
  });
});

describe('the list of conversations', () => {
  interface Page {
    conversations: Conversation[];
    next?: string;
  }

  test('has all of them, by the latest message, with that message, in pages', async () => {
    const user = `many-${uuidv7()}`;
    const made: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      const { body } = await talks.call<Conversation>(user, 'POST', '/v1/conversations', {
        member_ids: ['ben'],
      });
      made.push(body.conversation_id);
    }
    const say = (id: string | undefined, body: string, who = user) =>
      talks.call(who, 'POST', `/v1/conversations/${id}/messages`, { client_message_id: uuidv7(), body });
    await say(made[2], 'first');
    await say(made[0], 'second', 'ben');
    const { body: last } = await say(made[2], 'third');
    const pages = await pagesOf<Page>(user, '/v1/conversations', 3);
    expect(pages.map(({ conversations }) => conversations.length)).toEqual([3, 3, 1]);
    const all = pages.flatMap(({ conversations }) => conversations);
    const rest = [6, 5, 4, 3, 1].map((index) => made[index]);
    expect(all.map(({ conversation_id }) => conversation_id)).toEqual([made[2], made[0], ...rest]);
    expect(all[0]?.last_message).toEqual(last);
    expect(all[1]?.last_message).toMatchObject({ body: 'second', sender_user_id: 'ben' });
    expect(all[1]?.last_message?.client_message_id).toBeUndefined();
    expect(all[2]?.last_message).toBeUndefined();
    // A deleted message is no longer the last one.
    await talks.call(user, 'DELETE', `/v1/conversations/${made[2]}/messages/${last.message_id}`);
    const [first] = (await pagesOf<Page>(user, '/v1/conversations', 50))[0]?.conversations ?? [];
    expect(first?.last_message?.body).toBe('second');
  });

  test('of a user is read by a backend, and by no other user', async () => {
    const place = await talks.talk();
    const token = api.tokenFor('host', { scope: 'claimcheck:admin' });
    const response = await callApi(api, 'GET', '/v1/conversations?user_id=ann&limit=1', { token });
    expect(await response.json()).toMatchObject({ conversations: [{ conversation_id: place.id }] });
    expect((await talks.call('ben', 'GET', '/v1/conversations?user_id=ann')).status).toBe(403);
  });
});

describe('every list is read by an index', () => {
  interface Node {
    'Node Type': string;
    'Index Name'?: string;
    Plans?: Node[];
  }
  const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

  /** Plans as for tables that are too large to be read whole. */
  const planOf = async ({ text, values }: Prisma.Sql): Promise<Node[]> => {
    return api.context.database.client.$transaction(async (db) => {
      await db.$executeRaw`SET LOCAL enable_seqscan = off`;
      const [row] = await db.$queryRawUnsafe<{ 'QUERY PLAN': { Plan: Node }[] }[]>(
        `EXPLAIN (FORMAT JSON) ${text}`,
        ...values,
      );
      const root = row?.['QUERY PLAN'][0]?.Plan;
      return root === undefined ? [] : nodesOf(root);
    });
  };
  const NOW = new Date().toISOString();
  const ID = '0198f5a2-7c00-7000-8000-000000000001';

  test.each([
    [
      'a gallery',
      gallerySql('c', { limit: 50, before: toCursor([NOW, ID, 'x']) }),
      'media_reference_gallery',
      0,
    ],
    [
      'a user’s media',
      userMediaSql('ann', { limit: 50, before: toCursor([ID]) }),
      'media_object_owner_user_id_media_object_id_idx',
      0,
    ],
    // Sorts all conversations of one user, and no others.
    [
      'conversations',
      conversationsSql('ann', { limit: 50, before: toCursor([NOW, 'c']) }),
      'conversation_member_user_id_idx',
      1,
    ],
  ])('%s', async (_, sql, index, sorts) => {
    const nodes = await planOf(sql);
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
    expect(nodes.map((node) => node['Index Name'])).toContain(index);
    expect(nodes.filter((node) => node['Node Type'].includes('Sort'))).toHaveLength(sorts);
  });
});
