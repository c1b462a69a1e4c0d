import { mediaUrlsAnswerSchema } from '@claimcheck/contracts/openapi/answer-schemas';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { MediaPasses } from '../src/request/media-passes.ts';
import { callApi } from './harness/call-api.ts';
import { filmWithHls, readyMedia } from './harness/ready-media.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

// A host's backend puts these URLs into a push notification: devices fetch them without a header, for a short time.
describe.each([['redirect'], ['proxy']])('DOWNLOAD_MODE=%s', (mode) => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi(inject('stack'), { DOWNLOAD_MODE: mode, SOURCE_ACCESS: 'owner' });
  });
  afterAll(() => api?.close());

  const urlsOf = async (...items: { id: string; quality: string }[]) => {
    const token = api.tokenFor('host', { scope: 'claimcheck:admin' });
    const response = await callApi(api, 'POST', '/v1/media/urls', { token, body: { items } });
    return mediaUrlsAnswerSchema.parse(await response.json()).items.map((item) => {
      if (!('url' in item)) throw new Error(JSON.stringify(item));
      return item;
    });
  };
  /** Our own origin is another one in tests. */
  const fetchUrl = (url: string): Promise<Response> =>
    fetch(url.replace(api.context.config.publicUrl, api.url));

  test('a backend’s URL of a thumbnail opens without a header, and ends soon', async () => {
    const id = await readyMedia(api);
    const [thumbnail, source] = await urlsOf({ id, quality: 'thumbnail' }, { id, quality: 'source' });
    for (const item of [thumbnail, source]) {
      expect((await fetchUrl(item?.url ?? '')).status).toBe(200);
      const life = Date.parse(item?.expires_at ?? '') - Date.now();
      expect(life).toBeGreaterThan(60_000);
      expect(life).toBeLessThan(3_600_000);
    }
  });

  test('a URL of a backend opens its own media object and nothing else', async () => {
    const [film, other] = [await filmWithHls(api), await readyMedia(api)];
    const hls = api.context.passes?.sign({
      user_id: 'host',
      media_object_id: film,
      expires_at: new Date(Date.now() + 60_000),
    });
    const statusOf = async (path: string, t = hls) =>
      (await fetch(`${api.url}${path}?t=${t}`, { redirect: 'manual' })).status;
    expect(await statusOf(`/v1/media/${film}/hls/1/main.m3u8`)).toBe(200);
    expect(await statusOf(`/v1/media/${other}/medium`)).toBe(404);
    expect(await statusOf('/v1/conversations')).toBe(401);
    const expired = api.context.passes?.sign({
      user_id: 'host',
      media_object_id: film,
      expires_at: new Date(Date.now() - 60_000),
    });
    const foreign = new MediaPasses([{ kid: 'one', secret: 'y'.repeat(64) }]).sign({
      user_id: 'host',
      media_object_id: film,
      expires_at: new Date(Date.now() + 60_000),
    });
    for (const bad of [expired, foreign, api.tokenFor('host', { scope: 'claimcheck:admin' }), 'a.b.c'])
      expect(await statusOf(`/v1/media/${film}/thumbnail`, bad)).toBe(401);
  });

  test('a taken-down media object is gone for every URL of our own', async () => {
    const id = await readyMedia(api);
    const pass = api.context.passes?.sign({
      user_id: 'host',
      media_object_id: id,
      expires_at: new Date(Date.now() + 60_000),
    });
    const token = api.tokenFor('host', { scope: 'claimcheck:admin' });
    await callApi(api, 'DELETE', `/v1/media/${id}?force=true`, { token });
    expect((await fetch(`${api.url}/v1/media/${id}/thumbnail?t=${pass}`)).status).toBe(410);
  });
});
