import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

interface Post {
  id: string;
  media?: { state: string; thumbnailUrl?: string };
}

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const FORMS = ['docs/examples/host-backend.ts', 'docs/examples/host-webhooks.ts'] as const;

let system: System;
const hosts = new Map<string, { url: string; process: ManagedService }>();
beforeAll(async () => {
  const [natsPort, webhookPort] = [await freePort(new Set()), await freePort(new Set())];
  system = await startSystem(
    inject('stack'),
    {},
    { api: { WEBHOOK_URL: `http://127.0.0.1:${webhookPort}/webhook`, WEBHOOK_SECRET: secret } },
  );
  for (const [form, port] of [
    [FORMS[0], natsPort],
    [FORMS[1], webhookPort],
  ] as const) {
    const url = `http://127.0.0.1:${port}`;
    const process = await startProcess({
      name: form,
      command: globalThis.process.execPath,
      args: [form],
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: {
        PATH: globalThis.process.env.PATH ?? '',
        PORT: String(port),
        CLAIMCHECK_URL: system.apiUrl,
        CLAIMCHECK_TOKEN: system.tokenFor('host', { scope: 'claimcheck:admin' }),
        NATS_URL: system.env.NATS_URL ?? '',
        APP_NAME: system.appName,
        WEBHOOK_SECRET: secret,
      },
      ready: async () => (await fetch(url)).ok,
      timeoutMs: 20_000,
    });
    hosts.set(form, { url, process });
  }
});
afterAll(async () => {
  for (const { process } of hosts.values()) await process.stop();
  await system?.stop();
});

test.each(FORMS)(
  '%s: a post refers to a photo, members see it, and the host hears that it is ready',
  async (form) => {
    const { url = '' } = hosts.get(form) ?? {};
    const asHost = async (method: string, path: string, body?: object): Promise<Post[]> => {
      const response = await fetch(`${url}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      expect(response.status, text).toBe(200);
      return JSON.parse(text);
    };
    const [ann, ben] = [new ChatUser(system, 'ann'), new ChatUser(system, 'ben')];
    const photo = { bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' };
    const id = await ann.upload(photo);
    expect((await ben.call('GET', `/v1/media/${id}`)).status).toBe(404);
    await asHost('POST', '/posts', {
      id: '1',
      room: `garden-${FORMS.indexOf(form)}`,
      text: 'Look',
      media_object_id: id,
      members: ['ann', 'ben'],
    });
    const post = await until(
      async () => (await asHost('GET', '/posts')).find(({ media }) => media?.state === 'ready'),
      { withinMs: 30_000, what: 'the host to hear that it is ready' },
    );
    expect(post.media?.thumbnailUrl).toContain(id);
    expect((await ben.fetch(`/v1/media/${id}/medium`)).status).toBe(200);
    expect(await asHost('DELETE', '/posts/1')).toEqual([]);
    expect((await ben.call('GET', `/v1/media/${id}`)).status).toBe(404);
  },
);

test('an erasure reaches sockets within a second, and nothing is delivered afterwards', async () => {
  const [ann, ben] = [new ChatUser(system, 'ann'), new ChatUser(system, 'ben')];
  const conversation = await ann.startConversation('ben');
  await ben.follow(conversation);
  const erased = fetch(`${system.apiUrl}/v1/conversations/${conversation}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${system.tokenFor('host', { scope: 'claimcheck:admin' })}` },
  });
  const removed = ben.event('conversation.removed', (event) => event.conversation_id === conversation, 1_000);
  expect((await erased).status).toBe(204);
  await removed;
  // The end is announced twice, in the conversation and to the user: neither may disturb a request in between.
  for (let tries = 0; tries < 20; tries += 1)
    expect(await ben.follow(conversation)).toMatchObject({ error: { code: 'not_found' } });
  ben.leave();
});
