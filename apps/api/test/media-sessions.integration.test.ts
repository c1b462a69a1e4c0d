import { setTimeout as pause } from 'node:timers/promises';
import { mediaSessionAnswerSchema } from '@claimcheck/contracts/openapi/answer-schemas';
import type { MediaSessionAnswer } from '@claimcheck/contracts/rest';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { addMember, removeMember } from '../src/media/messages/conversations.ts';
import { callApi } from './harness/call-api.ts';
import { bytesOf, readyMedia } from './harness/ready-media.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

const urlsSchema = z.object({
  items: z.array(z.object({ url: z.string().optional(), error: z.object({ code: z.string() }).optional() })),
});

let api: TestApi;
let conversation: string;
let id: string;
beforeAll(async () => {
  api = await startTestApi(inject('stack'), { DOWNLOAD_MODE: 'proxy', MEDIA_SESSION_TTL: '3s' });
  id = await readyMedia(api);
  conversation = `c-${id.slice(-12)}`;
  await api.db.shared(id, conversation);
  await api.context.database.transaction((tx) => addMember(tx, conversation, 'ben'));
});
afterAll(() => api?.close());

const open = async (user: string, conversation_id = conversation): Promise<Response> =>
  callApi(api, 'POST', '/v1/media/session', { token: api.tokenFor(user), body: { conversation_id } });

const session = async (user: string, conversation_id?: string): Promise<MediaSessionAnswer> => {
  const response = await open(user, conversation_id);
  expect(response.status).toBe(200);
  return mediaSessionAnswerSchema.parse(await response.json());
};

const look = async (token: string, media = id): Promise<number> => {
  const response = await callApi(api, 'GET', `/v1/media/${media}/medium?t=${token}`);
  await response.arrayBuffer();
  return response.status;
};

test('a session opens the media of its conversation, and renewal keeps its token', async () => {
  const first = await session('ben');
  expect(await look(first.token)).toBe(200);
  expect(Date.parse(first.refresh_at)).toBeLessThan(Date.parse(first.expires_at));
  const again = await session('ben');
  expect(again.token).toBe(first.token);
  expect(Date.parse(again.expires_at)).toBeGreaterThanOrEqual(Date.parse(first.expires_at));
});

test('two sessions opened at the same time are one', async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, async () => (await session('ann')).token));
  expect(new Set(tokens).size).toBe(1);
});

test('a session ends at its time, and cannot be renewed afterwards', async () => {
  const first = await session('ben');
  await pause(Date.parse(first.expires_at) - Date.now() + 50);
  const late = await callApi(api, 'GET', `/v1/media/${id}/medium?t=${first.token}`);
  expect(late.status).toBe(401);
  expect(await late.json()).toMatchObject({ code: 'session_expired' });
  const next = await session('ben');
  expect(next.token).not.toBe(first.token);
  expect(await look(first.token)).toBe(401);
});

test('a session ends with the membership, at once, and does not return with it', async () => {
  await api.context.database.transaction((tx) => addMember(tx, conversation, 'eve'));
  const { token } = await session('eve');
  expect(await look(token)).toBe(200);
  await api.context.database.transaction((tx) => removeMember(tx, conversation, 'eve'));
  expect(await look(token)).toBe(401);
  expect((await open('eve')).status).toBe(404);
  await api.context.database.transaction((tx) => addMember(tx, conversation, 'eve'));
  expect(await look(token)).toBe(401);
  expect((await session('eve')).token).not.toBe(token);
});

test('a session opens nothing else: no other conversation or route, nor unshared media of its user', async () => {
  const unsent = await readyMedia(api);
  const other = await readyMedia(api);
  await api.db.shared(other, `${conversation}-other`);
  const { token } = await session('ann');
  expect(await look(token)).toBe(200);
  expect(await look(token, other)).toBe(404);
  expect(await look(token, unsent)).toBe(404);
  expect((await callApi(api, 'GET', `/v1/media/${id}?t=${token}`)).status).toBe(401);
  expect((await callApi(api, 'GET', `/v1/media/${id}/medium?t=x`)).status).toBe(401);
  expect((await callApi(api, 'GET', `/v1/media/${id}/medium?t=${token}&t=${token}`)).status).toBe(401);
});

test('POST /v1/media/urls gives our own URLs in proxy mode, also for media that is only owned', async () => {
  const unsent = await readyMedia(api);
  const ask = async (user: string) => {
    const response = await callApi(api, 'POST', '/v1/media/urls', {
      token: api.tokenFor(user),
      body: { items: [id, unsent].map((media) => ({ id: media, quality: 'medium' })) },
    });
    return urlsSchema.parse(await response.json()).items;
  };
  const [shared, own] = await ask('ann');
  for (const [item, media] of [
    [shared, id],
    [own, unsent],
  ] as const) {
    const url = new URL(item?.url ?? '');
    expect(url.origin).toBe(new URL(api.context.config.publicUrl).origin);
    expect(url.searchParams.get('v')).toBe('1');
    const response = await callApi(api, 'GET', `${url.pathname}${url.search}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytesOf(`${media}/e1/medium.webp`));
  }
  const [bens, notBens] = await ask('ben');
  expect(bens?.url).toContain('?v=1&t=');
  expect(notBens).toMatchObject({ error: { code: 'not_found' } });
});
