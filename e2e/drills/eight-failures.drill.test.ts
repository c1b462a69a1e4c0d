import { LIMITS } from '@claimcheck/contracts/limits';
import type { Media } from '@claimcheck/contracts/media';
import type { Conversation, UploadAuthorization } from '@claimcheck/contracts/rest';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ChatUser } from '../harness/chat-user.ts';
import { DrillWorld } from '../harness/drill-world.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const OCTETS = 'application/octet-stream';

let system: System;
let world: DrillWorld;
let ann: ChatUser;
let ben: ChatUser;
let conversation: string;

beforeAll(async () => {
  system = await startSystem(inject('stack'), {
    ORPHAN_TTL: '4s',
    ORPHAN_GRACE: '5s',
    // Signatures are renewed this often.
    SIGNED_URL_STEP: '1s',
    READY_DEADLINE: '3s',
    READY_DEADLINE_MAX: '12s',
    SWEEP_INTERVAL: '1s',
    SWEEP_AGAIN_AFTER: '3s',
    TOKEN_SECRETS: `k:${'s'.repeat(40)}`,
  });
  world = new DrillWorld(system, inject('stack'));
  [ann, ben] = [world.user('ann'), world.user('ben')];
  conversation = await ann.startConversation('ben');
  await world.follow('ben', conversation);
  await ben.follow(conversation);
});
afterAll(async () => {
  ben?.leave();
  await world?.close();
  await system?.stop();
});

/** Creates a media object of ann's in a message to ben. */
const sendFile = async (bytes: Buffer, filename: string, filetype: string): Promise<string> => {
  const id = await world.upload('ann', { bytes, filename, filetype });
  await world.send('ann', conversation, id);
  return id;
};

/** Waits until ben receives a media object in this state, with the message or afterwards. */
const toldBen = (id: string, state: Media['state'], withinMs = 30_000): Promise<Media> =>
  until(
    () =>
      ben.events
        .map(({ payload }): Media | undefined => payload.media ?? payload.message?.media)
        .find((media) => media?.media_object_id === id && media.state === state),
    { withinMs, what: `ben to hear that ${id} is ${state}` },
  );

test('drill 32: upload succeeds, send fails → orphan', async () => {
  const random = seeded('drill 32, orphan');
  const file = () => ({ bytes: random.bytes(2_000), filename: 'a.bin', filetype: OCTETS });
  const orphan = await world.upload('ann', file());
  const late = await world.upload('ann', file());
  await ann.mediaIn(late, ['expiring']);
  await world.send('ann', conversation, late);
  await ann.mediaIn(orphan, ['expired']);
  const restored = await ann.media(late);
  expect([restored.state, restored.failure], 'a message in time brings it back').toEqual([
    'ready',
    undefined,
  ]);
  expect((await ben.fetch(`/v1/media/${late}/source`)).status).toBe(200);
  await world.expectNoViolation();
  expect(await world.bucket.keys(`${orphan}/`)).toEqual([]);
});

test('drill 32: send succeeds, processing fails', async () => {
  const broken = (await smallPhoto()).subarray(0, 3_000);
  const id = await sendFile(broken, 'broken.jpg', 'image/jpeg');
  const { failure } = await toldBen(id, 'degraded');
  expect(failure?.code).toBe('unreadable');
  expect((await ben.fetch(`/v1/media/${id}/source`)).status, 'the file is delivered').toBe(200);
  await world.expectNoViolation();
});

test('drill 32: download authorisation expires too early', async () => {
  const bytes = await smallPhoto();
  const id = await sendFile(bytes, 'a.jpg', 'image/jpeg');
  const { mediaUrl } = await toldBen(id, 'ready');
  const path = new URL(mediaUrl).pathname;
  const signedUrl = async () => {
    const response = await ben.fetch(path, { redirect: 'manual' });
    expect(response.status).toBe(302);
    return new URL(response.headers.get('location') ?? '');
  };
  const first = await signedUrl();
  // Longer than a fetch takes; besides, pages hold stable URLs instead of this one.
  expect(Number(first.searchParams.get('X-Amz-Expires'))).toBeGreaterThanOrEqual(60);
  // A signature contains its time, to the second.
  const second = await until(
    async () => {
      const url = await signedUrl();
      return url.searchParams.get('X-Amz-Date') === first.searchParams.get('X-Amz-Date') ? undefined : url;
    },
    { withinMs: 5_000, what: 'the same URL to give a later signature' },
  );
  for (const url of [first, second]) expect((await fetch(url)).status).toBe(200);
  await world.expectNoViolation();
});

test('drill 32: client retries create duplicates', async () => {
  const random = seeded('drill 32, duplicates');
  const bytes = random.bytes(4_000);
  const again = Array.from({ length: 10 });
  const metadata = { client_media_id: 'retried' };
  const file = { bytes, filename: 'a.bin', filetype: OCTETS };
  const ids = await Promise.all(again.map(() => ann.upload(file, metadata)));
  const [id = ''] = ids;
  expect(new Set(ids).size, 'one media object').toBe(1);
  world.acknowledge('ann', id, bytes);
  const message = { client_message_id: 'retried', message_type: 'file', media_object_id: id };
  const sent = await Promise.all(again.map(() => ann.send(conversation, message)));
  expect(new Set(sent.map(({ body }) => body.message_id)).size, 'one message').toBe(1);

  const key = { 'idempotency-key': 'retried', 'content-type': 'application/json' };
  const body = JSON.stringify({ member_ids: ['ben'] });
  const conversations = await Promise.all(
    again.map(async () => {
      const response = await ann.fetch('/v1/conversations', { method: 'POST', headers: key, body });
      expect(response.status).toBe(201);
      return ((await response.json()) as Conversation).conversation_id;
    }),
  );
  expect(new Set(conversations).size, 'one conversation').toBe(1);

  await ann.mediaIn(id, ['ready']);
  const authorised = await ann.call<UploadAuthorization>('POST', '/v1/media', {
    ...metadata,
    filename: 'a.bin',
    size_bytes: bytes.length,
    content_type: OCTETS,
  });
  expect(authorised.body.upload.protocol, 'bytes that are there are not asked for again').toBe('none');
  expect(authorised.body.media.media_object_id).toBe(id);
  await world.expectNoViolation();
});

test('drill 32: queues lag', async () => {
  await system.restart('worker', { LANES: 'media' });
  const id = await sendFile(await videoFile(), 'a.mp4', 'video/mp4');
  // The poster at once, the source while the heavy lane lags, the mp4 when it has caught up.
  await ben.event(
    'media.updated',
    ({ media }) => media.media_object_id === id && media.thumbnail_state === 'ready',
  );
  const offered = await toldBen(id, 'degraded');
  expect((await ben.fetch(new URL(offered.mediaUrl).pathname)).status).toBe(200);
  await system.restart('worker');
  const { qualities } = await toldBen(id, 'ready');
  expect(qualities.map(({ quality }) => quality)).toContain('original');
  await world.expectNoViolation();
});

test('drill 32: metadata deleted while referenced', async () => {
  const random = seeded('drill 32, referenced');
  const id = await sendFile(random.bytes(2_000), 'a.bin', OCTETS);
  await toldBen(id, 'ready');
  const refused = await ann.call<{ code: string }>('DELETE', `/v1/media/${id}`);
  expect(refused).toMatchObject({ status: 409, body: { code: 'media_referenced' } });
  const { client } = world.database;
  await expect(client.media_object.delete({ where: { media_object_id: id } })).rejects.toThrow();
  expect((await ben.fetch(`/v1/media/${id}/source`)).status).toBe(200);

  const message = await client.message.findFirstOrThrow({ where: { media_object_id: id } });
  const path = `/v1/conversations/${conversation}/messages/${message.message_id}`;
  expect((await ann.call('DELETE', path)).status).toBeLessThan(300);
  expect((await ann.call('DELETE', `/v1/media/${id}`)).status).toBe(204);
  await world.expectNoViolation();
});

test.each([
  ['binary', Buffer.alloc(64), 'claimcheck_gateway_binary_frames_total', ''],
  [
    'too long',
    'x'.repeat(LIMITS.clientFrameBytes + 1_024),
    'claimcheck_gateway_dropped_total',
    'oversize_frame',
  ],
])('drill 32: raw media through the gateway (%s)', async (_kind, frame, metric, labels) => {
  const counted = () => metricOf(system.adminUrls.gateway, metric, labels);
  const before = await counted();
  const socket = io(system.gatewayUrl, {
    transports: ['websocket'],
    auth: { token: ann.token },
    reconnection: false,
  });
  const ended = new Promise<string>((resolve) => socket.once('disconnect', resolve));
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.emit('subscribe', frame);
  expect(await ended, 'the gateway hangs up').toMatch(/transport|server/);
  await until(async () => ((await counted()) > before ? true : undefined), {
    withinMs: 5_000,
    what: 'the frame to be counted',
  });
  await world.expectNoViolation();
});

test('drill 32: placeholder never ready', async () => {
  const random = seeded('drill 32, placeholder');
  await system.apps.worker.stop();
  const id = await sendFile(random.bytes(2_000), 'a.bin', OCTETS);
  const { failure } = await toldBen(id, 'failed', 40_000);
  expect(failure?.code).toBe('no_verdict');
  await world.expectNoViolation();
  await system.restart('worker');
});
