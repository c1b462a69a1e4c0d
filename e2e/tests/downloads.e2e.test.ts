import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';

describe.each(['redirect', 'proxy'] as const)('DOWNLOAD_MODE=%s', (mode) => {
  let system: System;
  let ann: ChatUser;
  let video: Buffer;
  let id: string;

  beforeAll(async () => {
    system = await startSystem(inject('stack'), { DOWNLOAD_MODE: mode });
    ann = new ChatUser(system, 'ann');
    video = await videoFile();
    id = await ann.upload({ bytes: video, filename: 'Ä "b"; c.mp4', filetype: 'video/mp4' });
    await ann.mediaIn(id, ['ready']);
  });
  afterAll(() => system?.stop());

  test('the whole file, with a type and a name', async () => {
    const response = await ann.fetch(`/v1/media/${id}/source`);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(response.headers.get('content-disposition')).toBe(
      `inline; filename="_ _b_; c.mp4"; filename*=UTF-8''%C3%84%20%22b%22%3B%20c.mp4`,
    );
    expect(Buffer.from(await response.arrayBuffer()).equals(video)).toBe(true);
  });

  test('a range', async () => {
    const response = await ann.fetch(`/v1/media/${id}/source`, { headers: { range: 'bytes=1000-1999' } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes 1000-1999/${video.length}`);
    expect(Buffer.from(await response.arrayBuffer()).equals(video.subarray(1_000, 2_000))).toBe(true);
  });

  test('a range behind the end', async () => {
    const response = await ann.fetch(`/v1/media/${id}/source`, {
      headers: { range: `bytes=${video.length + 1}-` },
    });
    expect(response.status).toBe(416);
    await response.body?.cancel();
  });

  test('a quality that does not exist, and one that this kind does not have', async () => {
    expect((await ann.call('GET', `/v1/media/${id}/enormous`)).status).toBe(404);
    expect(await ann.call('GET', `/v1/media/${id}/high`)).toMatchObject({
      status: 409,
      body: { code: 'media_not_ready' },
    });
  });

  test('the answer is not for shared caches', async () => {
    const response = await ann.fetch(`/v1/media/${id}/source`, { redirect: 'manual' });
    expect(response.headers.get('cache-control')).toMatch(/^private/);
    await response.body?.cancel();
    expect(response.status).toBe(mode === 'redirect' ? 302 : 200);
    if (mode === 'redirect') expect(response.headers.get('location')).toContain('X-Amz-Signature=');
    else expect(response.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
  });

  test('deletion: refused while a message refers to it, then gone from the storage', async () => {
    const photo = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
    await ann.mediaIn(photo, ['ready']);
    const conversation = await ann.startConversation();
    const sent = await ann.send(conversation, {
      client_message_id: 'a',
      message_type: 'image',
      media_object_id: photo,
    });
    expect(await ann.call('DELETE', `/v1/media/${photo}`)).toMatchObject({
      status: 409,
      body: { code: 'media_referenced' },
    });
    const signed = await ann.call<{ items: { url: string }[] }>('POST', '/v1/media/urls', {
      items: [{ id: photo, quality: 'medium' }],
    });
    const url = signed.body.items[0]?.url ?? '';
    expect((await fetch(url)).status).toBe(200);
    expect(
      (await ann.call('DELETE', `/v1/conversations/${conversation}/messages/${sent.body.message_id}`)).status,
    ).toBe(204);
    expect((await ann.call('DELETE', `/v1/media/${photo}`)).status).toBe(204);
    expect((await ann.call('DELETE', `/v1/media/${photo}`)).status).toBe(204);
    // A signed URL leads to an object that is gone, a stable URL to the api.
    expect((await fetch(url)).status).toBe(mode === 'redirect' ? 404 : 410);
    expect(await ann.call('GET', `/v1/media/${photo}/medium`)).toMatchObject({
      status: 410,
      body: { code: 'media_gone' },
    });
  });
});

describe('long-poll', () => {
  test('answers at the change, or at the time-out with the current state', async () => {
    const system = await startSystem(inject('stack'), {});
    try {
      const ann = new ChatUser(system, 'ann');
      await system.apps.worker.stop();
      const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
      const { rev } = await ann.media(id);
      const idle = await ann.call<{ rev: number }>('GET', `/v1/media/${id}?wait=1&after_rev=${rev}`);
      expect(idle.body.rev).toBe(rev);
      const waiting = ann.call<{ rev: number }>('GET', `/v1/media/${id}?wait=25&after_rev=${rev}`);
      await system.apps.worker.restart();
      expect((await waiting).body.rev).toBeGreaterThan(rev);
      expect((await ann.call('GET', `/v1/media/${id}?wait=26`)).status).toBe(400);
    } finally {
      await system.stop();
    }
  });
});
