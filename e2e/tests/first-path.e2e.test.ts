import { LIMITS } from '@claimcheck/contracts/limits';
import type { Media } from '@claimcheck/contracts/media';
import { connect } from '@nats-io/transport-node';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { meanDifference, phonePhoto, phonePhotoUpright, sha256, videoFile } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
let ann: ChatUser;
let ben: ChatUser;
let eve: ChatUser;
let conversation: string;
/** Everything that the broker carried, core NATS and JetStream alike. */
const broker: { subject: string; text: string }[] = [];
let stopListening: () => Promise<void>;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  const connection = await connect({ servers: system.env.NATS_URL ?? '' });
  connection.subscribe(`${system.appName}.>`, {
    callback: (_, message) => {
      broker.push({ subject: message.subject, text: message.string() });
    },
  });
  stopListening = () => connection.close();
  [ann, ben, eve] = ['ann', 'ben', 'eve'].map((id) => new ChatUser(system, id)) as [
    ChatUser,
    ChatUser,
    ChatUser,
  ];
  conversation = await ann.startConversation('ben');
  await ben.follow(conversation);
});

afterAll(async () => {
  ben?.leave();
  await stopListening?.();
  await system?.stop();
});

const sendMedia = async (bytes: Buffer, filename: string, filetype: string, messageType: string) => {
  const id = await ann.upload({ bytes, filename, filetype }, { conversation_id: conversation });
  const uploadedAt = performance.now();
  const sent = await ann.send(conversation, {
    client_message_id: `m-${id}`,
    message_type: messageType,
    media_object_id: id,
  });
  expect(sent.status).toBe(201);
  return { id, uploadedAt };
};

const readyAt = (id: string, withinMs: number) =>
  ben.event(
    'media.updated',
    ({ media }) => media.media_object_id === id && media.state === 'ready',
    withinMs,
  );

const download = async (user: ChatUser, id: string, quality: string): Promise<Buffer> => {
  const response = await user.fetch(`/v1/media/${id}/${quality}`);
  expect(response.status, `${quality} of ${id}`).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};

test('a 12-megapixel photo travels from ann to ben', async () => {
  const photo = await phonePhoto();
  const { id, uploadedAt } = await sendMedia(photo, 'IMG_0001.jpg', 'image/jpeg', 'image');

  const created = await ben.event('message.created', ({ message }) => message.media_object_id === id);
  expect(created.payload.message.media.state, 'the reference comes before processing ends').toBe(
    'processing',
  );
  const ready = await readyAt(id, 5_000);
  expect(ready.at - uploadedAt, 'ready within 5 s').toBeLessThan(5_000);
  console.log(
    `photo: reference after ${Math.round(created.at - uploadedAt)} ms, ready after ${Math.round(ready.at - uploadedAt)} ms`,
  );

  const media = ready.payload.media as Media;
  expect(media).toMatchObject({
    kind: 'image',
    content_type: 'image/jpeg',
    width: 4_032,
    height: 3_024,
    scan_state: 'clean',
    thumbnail_state: 'ready',
    sha256: sha256(photo),
  });
  expect(media.thumbhash).toMatch(/^[A-Za-z0-9+/]+=*$/);
  expect(media.mediaUrl).toBe(`${system.apiUrl}/v1/media/${id}/medium?v=1`);
  expect(sha256(await download(ben, id, 'source'))).toBe(sha256(photo));

  for (const [quality, edge] of [
    ['high', 2_560],
    ['medium', 1_280],
    ['low', 640],
    ['thumbnail', 320],
  ] as const) {
    const picture = sharp(await download(ben, id, quality));
    const { format, width, height, exif, orientation } = await picture.metadata();
    expect({ quality, format, width, height, exif, orientation }).toEqual({
      quality,
      format: 'webp',
      width: edge,
      height: (edge * 3) / 4,
      exif: undefined,
      orientation: undefined,
    });
    const seen = await picture.removeAlpha().raw().toBuffer();
    expect(
      meanDifference(seen, (await phonePhotoUpright(edge)).data),
      `${quality} stands upright`,
    ).toBeLessThan(8);
  }
});

test('a 5-second video travels from ann to ben', async () => {
  const video = await videoFile();
  const { id, uploadedAt } = await sendMedia(video, 'bunny.mp4', 'video/mp4', 'video');

  const created = await ben.event('message.created', ({ message }) => message.media_object_id === id);
  expect(created.payload.message.media.state).toBe('processing');
  const ready = await readyAt(id, 10_000);
  expect(ready.at - uploadedAt, 'ready within 10 s').toBeLessThan(10_000);
  console.log(
    `video: reference after ${Math.round(created.at - uploadedAt)} ms, ready after ${Math.round(ready.at - uploadedAt)} ms`,
  );

  expect(ready.payload.media).toMatchObject({
    kind: 'video',
    width: 1_280,
    height: 720,
    transcode_state: 'ready',
    scan_state: 'clean',
  });
  expect(ready.payload.media.duration_ms).toBeGreaterThan(5_000);
  expect(sha256(await download(ben, id, 'source'))).toBe(sha256(video));
  const original = await download(ben, id, 'original');
  expect(original.subarray(4, 8).toString()).toBe('ftyp');
  expect(original.indexOf('moov'), 'plays while it is being fetched').toBeLessThan(original.indexOf('mdat'));
  expect((await sharp(await download(ben, id, 'thumbnail')).metadata()).format).toBe('jpeg');
});

test('a third user finds nothing', async () => {
  const id = await ann.upload({ bytes: await videoFile(), filename: 'private.mp4', filetype: 'video/mp4' });
  const paths = [
    `/v1/media/${id}`,
    `/v1/media/${id}/source`,
    `/v1/media/${id}/thumbnail`,
    `/v1/conversations/${conversation}`,
    `/v1/conversations/${conversation}/messages`,
    `/v1/conversations/${conversation}/events`,
  ];
  for (const path of paths) expect((await eve.call('GET', path)).status, path).toBe(404);
  const sent = await eve.send(conversation, { client_message_id: 'x', message_type: 'text', body: 'hello' });
  expect(sent.status).toBe(404);
  const urls = await eve.call<{ items: { error: { code: string } }[] }>('POST', '/v1/media/urls', {
    items: [{ id, quality: 'source' }],
  });
  expect(urls.body.items[0]?.error.code).toBe('not_found');
  await expect(eve.follow(conversation)).resolves.toMatchObject({ error: { code: 'not_found' } });
  eve.leave();
});

test('no event is over 8 KiB, none carries a signed URL or bytes', () => {
  const texts = [
    ...broker.map(({ text }) => text),
    ...ben.events.map(({ name, payload }) => JSON.stringify([name, payload])),
  ];
  expect(texts.length).toBeGreaterThan(20);
  for (const text of texts) {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMITS.eventBytes);
    expect(text).not.toMatch(/X-Amz-|Signature=|[?&]t=/);
  }
});

test('the log has no gap, and every event arrived once and in order', async () => {
  const { body } = await ben.call<{ events: { seq: number; type: string }[]; last_seq: number }>(
    'GET',
    `/v1/conversations/${conversation}/events?since_seq=0`,
  );
  expect(body.events.map(({ seq }) => seq)).toEqual(
    Array.from({ length: body.last_seq }, (_, index) => index + 1),
  );
  const received = ben.events.flatMap(({ payload }) =>
    typeof payload?.seq === 'number' ? [payload.seq as number] : [],
  );
  expect(received).toEqual(body.events.map(({ seq }) => seq).slice(-received.length));
});
