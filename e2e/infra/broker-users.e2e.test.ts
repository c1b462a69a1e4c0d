import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { type NatsWithUsers, startNatsWithUsers } from '../harness/nats-with-users.ts';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

// The subjects in infra/nats/nats-server.conf begin with it.
const APP_NAME = 'claimcheck';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

/** Media objects of which the webhook of the host has heard. */
const told = new Set<string>();
let host: http.Server;
let nats: NatsWithUsers;
let system: System;

beforeAll(async () => {
  nats = await startNatsWithUsers();
  host = http.createServer(async (request, response) => {
    const { data } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    told.add(data.media?.media_object_id);
    response.end();
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const { port } = host.address() as AddressInfo;
  const own = (user: 'api' | 'worker' | 'gateway') => ({ NATS_URL: nats.urls[user] });
  system = await startSystem(
    inject('stack'),
    { APP_NAME, WEBHOOK_URL: `http://127.0.0.1:${port}/`, WEBHOOK_SECRET: SECRET },
    { api: own('api'), worker: own('worker'), gateway: own('gateway') },
  );
});
afterAll(async () => {
  await system?.stop();
  await nats?.stop();
  host?.close();
});

test('with the minimum of subjects everything works: a photo becomes ready at a socket', async () => {
  const ann = new ChatUser(system, 'ann');
  const ben = new ChatUser(system, 'ben');
  const conversation = await ann.startConversation('ben');
  await ben.follow(conversation);
  const id = await ann.upload(
    { bytes: await smallPhoto(), filename: 'china.jpg', filetype: 'image/jpeg' },
    { conversation_id: conversation },
  );
  await ann.send(conversation, { client_message_id: 'm1', message_type: 'image', media_object_id: id });
  const settled = await ben.event(
    'media.updated',
    ({ media }) => media.media_object_id === id && media.state === 'ready',
    30_000,
  );
  ben.leave();
  expect(settled.payload.media.scan_state).toBe('clean');
  await until(() => told.has(id) || undefined, { withinMs: 30_000, what: 'the webhook' });
});

test("the operator's CLI works as the api's user: a probe goes round in both lanes", async () => {
  const { code, out, error } = await runClaimcheck(system.apiEnv, 'doctor', '--timeout', '20');
  expect(`${out}${error}`).not.toContain('FAIL');
  expect(code).toBe(0);
});

/** Returns the server's refusals of this user. */
const refusals = (connection: NatsConnection): string[] => {
  const seen: string[] = [];
  const follow = async () => {
    for await (const status of connection.status())
      if (status.type === 'error') seen.push(status.error.message);
  };
  void follow();
  return seen;
};

const FORBIDDEN: { user: 'worker' | 'gateway' | 'storage'; publish: string[]; subscribe: string[] }[] = [
  {
    user: 'worker',
    publish: [
      'claimcheck.conversation.c1',
      'claimcheck.user.ann',
      'claimcheck.media.updated',
      'claimcheck.media.optimize.request',
      'claimcheck.upload.release.u1',
      '$JS.API.STREAM.DELETE.CLAIMCHECK_MEDIA',
      '$JS.API.CONSUMER.DELETE.CLAIMCHECK_MEDIA.api-results',
      '$JS.API.CONSUMER.MSG.NEXT.CLAIMCHECK_MEDIA.api-results',
      '$JS.ACK.CLAIMCHECK_MEDIA.api-results.1.1.1.1.1',
    ],
    subscribe: ['claimcheck.>', 'claimcheck.conversation.*', '_INBOX.>', '_INBOX.claimcheck-api.>'],
  },
  {
    user: 'gateway',
    publish: ['claimcheck.conversation.c1', '$JS.API.STREAM.PURGE.CLAIMCHECK_DLQ'],
    subscribe: ['claimcheck.media.>', '_INBOX.>'],
  },
  {
    user: 'storage',
    publish: ['claimcheck.media.optimize.response'],
    subscribe: ['claimcheck.storage.events'],
  },
];

test.each(FORBIDDEN)('$user may do no more than necessary', async ({ user, publish, subscribe }) => {
  const connection = await connect({ servers: new URL(nats.urls[user]).host, user, pass: `of-${user}` });
  try {
    const seen = refusals(connection);
    for (const subject of publish) connection.publish(subject, '{}');
    for (const subject of subscribe) connection.subscribe(subject, { callback: () => undefined });
    for (const subject of [...publish, ...subscribe])
      await until(() => (seen.some((refusal) => refusal.includes(`"${subject}"`)) ? true : undefined), {
        withinMs: 5_000,
        what: `the refusal of ${subject}; refused so far: ${seen.join(' | ')}`,
      });
  } finally {
    await connection.close();
  }
});

test('no client connects without a password', async () => {
  await expect(connect({ servers: new URL(nats.urls.api).host, timeout: 5_000 })).rejects.toThrow(
    /authorization/i,
  );
});
