import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { phonePhoto, videoFile } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
let ann: ChatUser;
let ben: ChatUser;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { ACK_WAIT: '3s' });
  ann = new ChatUser(system, 'ann');
  ben = new ChatUser(system, 'ben');
});
afterAll(async () => {
  ben?.leave();
  await system?.stop();
});

test('a worker killed in the middle and started again still ends in ready', async () => {
  const conversation = await ann.startConversation('ben');
  await ben.follow(conversation);
  const photo = await ann.upload({ bytes: await phonePhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  const video = await ann.upload({ bytes: await videoFile(), filename: 'a.mp4', filetype: 'video/mp4' });
  for (const id of [photo, video])
    await ann.send(conversation, {
      client_message_id: id,
      message_type: id === photo ? 'image' : 'video',
      media_object_id: id,
    });
  // In the middle: it has said something of the video, and is not done with it.
  await ben.event(
    'media.updated',
    ({ media }) => media.media_object_id === video && media.state === 'processing',
  );
  system.apps.worker.kill('SIGKILL');
  await system.apps.worker.exited;
  await system.apps.worker.restart();
  for (const id of [photo, video])
    expect((await ann.mediaIn(id, ['ready', 'degraded', 'failed'], 90_000)).state).toBe('ready');
  await ben.event('media.updated', ({ media }) => media.media_object_id === video && media.state === 'ready');
});

test('the worker has no way to the database', () => {
  const variables = Object.keys(system.env);
  expect(variables).not.toContain('DATABASE_URL');
  expect(variables).not.toContain('AUTH_JWT_SECRET');
});
