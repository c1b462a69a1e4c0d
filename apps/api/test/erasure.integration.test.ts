import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { sweepPrefixes } from '../src/background/sweeper/sweep-prefixes.ts';
import { createConversation } from '../src/media/messages/conversations.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { eraseUser } from '../src/media/removal/erase-user.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { createAccessWorld } from './harness/access-world.ts';
import { callApi } from './harness/call-api.ts';
import { readyMedia } from './harness/ready-media.ts';
import { resultOf } from './harness/results.ts';
import { later, runDuty } from './harness/run-duty.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { keysBelow, putObject } from './harness/test-storage.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
});
afterAll(() => api?.close());

const erase = async (path: string): Promise<void> => {
  const token = api.tokenFor('host', { scope: 'claimcheck:admin' });
  // Repeatable: the second one finds nothing, and answers the same.
  for (const _ of [1, 2]) expect((await callApi(api, 'DELETE', path, { token })).status).toBe(204);
};

/** Forwards to a conversation of ben and cy. */
const forward = async (media_object_id: string): Promise<string> => {
  const { database, settings } = api.context;
  const conversation_id = `d-${uuidv7()}`;
  await database.transaction((tx) =>
    createConversation(tx, { conversation_id, created_by: 'ben', member_ids: ['ben', 'cy'] }),
  );
  await database.transaction((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id, sender_user_id: 'ben' },
      {
        client_message_id: uuidv7(),
        message_type: 'image',
        media_object_id,
      },
    ),
  );
  return conversation_id;
};

/** Counts the rows of each table that still contain the words, as text. */
const rowsWith = async (...words: string[]): Promise<Record<string, number>> => {
  const found: Record<string, number> = {};
  for (const table of [
    'media_object',
    'media_alias',
    'upload_session',
    'user_usage',
    'user_limit',
    'media_session',
    'media_reference',
    'message',
    'conversation',
    'conversation_member',
    'conversation_event',
    'idempotency_key',
  ]) {
    const [row] = await api.context.database.client.$queryRawUnsafe<{ n: number }[]>(
      `SELECT count(*)::int AS n FROM "${table}" AS row WHERE row::text ~ $1`,
      words.map((word) => `\\y${word}\\y`).join('|'),
    );
    if (row !== undefined && row.n > 0) found[table] = row.n;
  }
  return found;
};

test('erasing a user removes rows, objects and events, even where another user forwarded their media', async () => {
  const world = await createAccessWorld(api);
  const elsewhere = await forward(world.media);
  await erase('/v1/users/ann');

  // A member who joined and left stays in the log, only as an id.
  const left = await rowsWith('ann', 'a\\.jpg');
  expect(Object.keys(left)).toEqual(['conversation_event']);
  const events = await api.context.database.client.conversation_event.findMany({
    where: { type: { in: ['message_created', 'media_updated'] } },
  });
  expect(JSON.stringify(events.map(({ payload }) => payload))).not.toMatch(/\bann\b|a\.jpg/);

  for (const id of [world.media, world.unsent, world.upload])
    expect(await keysBelow(api.context.storage, `${id}/`)).toEqual([]);
  const token = api.tokenFor('cy');
  const gone = await callApi(api, 'GET', `/v1/media/${world.media}/medium`, { token });
  expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'media_gone' }]);
  const page = await callApi(api, 'GET', `/v1/conversations/${elsewhere}/messages`, { token });
  expect(await page.json()).toMatchObject({
    messages: [{ sender_user_id: 'ben', media: { state: 'deleted', filename: '', owner_user_id: '' } }],
  });
});

test('erasing a user removes events of the processing too, whether or not the message is deleted', async () => {
  const { database, settings } = api.context;
  const owner = `amy-${uuidv7()}`;
  const id = await api.db.uploaded();
  await database.client.media_object.update({
    where: { media_object_id: id },
    data: { owner_user_id: owner, filename: 'beach-in-spain.jpg' },
  });
  const own = `c-${uuidv7()}`;
  await database.transaction((tx) =>
    createConversation(tx, { conversation_id: own, created_by: owner, member_ids: [owner, 'ben'] }),
  );
  await database.transaction((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id: own, sender_user_id: owner },
      {
        client_message_id: uuidv7(),
        message_type: 'image',
        media_object_id: id,
      },
    ),
  );
  const elsewhere = await forward(id);
  for (const stage of ['preview', 'scan', 'final'] as const)
    await database.transaction((tx) => applyResult(tx, settings, resultOf(id, stage)));
  const toldOf = async () => {
    const told = await database.client.conversation_event.findMany({
      where: { conversation_id: { in: [own, elsewhere] }, type: 'media_updated' },
      orderBy: [{ conversation_id: 'asc' }, { seq: 'asc' }],
    });
    return told.map(({ conversation_id, payload }) => [
      conversation_id === own,
      JSON.stringify(payload).includes('beach-in-spain') || JSON.stringify(payload).includes(owner),
    ]);
  };
  const before = await toldOf();
  expect(before).toContainEqual([true, true]);
  expect(before).toContainEqual([false, true]);

  await erase(`/v1/users/${owner}`);
  expect(await toldOf()).toEqual(before.map(([isOwn]) => [isOwn, false]).concat([[false, false]]));
  expect(await rowsWith('beach-in-spain\\.jpg')).toEqual({});
});

test('after an erasure interrupted before the storage, the sweeper removes objects and open parts', async () => {
  const { database, settings, storage } = api.context;
  const owner = `ann-${uuidv7()}`;
  const openMultipart = async (Key: string): Promise<string> => {
    const created = new CreateMultipartUploadCommand({ Bucket: storage.bucket, Key });
    return (await storage.client.send(created)).UploadId ?? '';
  };
  const { session } = await database.autocommit((on) =>
    createUpload(on, settings, {
      owner_user_id: owner,
      length: 5,
      part_size: 8_388_608,
      metadata: { filename: 'a.txt', filetype: 'text/plain', client_media_id: uuidv7() },
    }),
  );
  const piece = uuidv7();
  const whole = uuidv7();
  for (const [upload_id, phase] of [
    [piece, 'open'],
    [whole, 'complete'],
  ] as const)
    await database.client.upload_session.create({
      data: {
        upload_id,
        owner_user_id: owner,
        protocol: 'tus',
        phase,
        is_partial: true,
        s3_bucket: storage.bucket,
        object_storage_key: `${upload_id}/source`,
        s3_upload_id: phase === 'open' ? await openMultipart(`${upload_id}/source`) : null,
        expires_at: later(3_600_000),
      },
    });
  await database.client.upload_session.update({
    where: { upload_id: session.upload_id },
    data: { s3_upload_id: await openMultipart(session.object_storage_key) },
  });
  await putObject(storage, `${whole}/source`);

  const dies = () => Promise.reject(new Error('the process ends'));
  // Once for the media object's objects, once for the pieces'.
  for (const _ of [1, 2])
    await expect(eraseUser(database, settings, owner, dies)).rejects.toThrow('the process ends');
  await eraseUser(database, settings, owner, dies);

  await runDuty(sweepPrefixes({ database, storage }), later(60_000));
  for (const id of [session.upload_id, piece, whole]) {
    expect(await keysBelow(storage, `${id}/`)).toEqual([]);
    const listed = new ListMultipartUploadsCommand({ Bucket: storage.bucket, Prefix: `${id}/source` });
    expect((await storage.client.send(listed)).Uploads ?? []).toEqual([]);
  }
});

test('erasing a conversation removes media that only it refers to, and keeps the rest', async () => {
  const world = await createAccessWorld(api);
  const kept = await readyMedia(api);
  const { database, settings } = api.context;
  await database.transaction((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id: world.conversation, sender_user_id: 'ann' },
      {
        client_message_id: uuidv7(),
        message_type: 'image',
        media_object_id: kept,
      },
    ),
  );
  const elsewhere = await forward(kept);
  await database.transaction((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id: world.conversation, sender_user_id: 'ben' },
      {
        client_message_id: uuidv7(),
        message_type: 'text',
        body: 'a word',
      },
    ),
  );
  await erase(`/v1/conversations/${world.conversation}`);
  expect(await rowsWith(world.conversation, world.media)).toEqual({});
  const token = api.tokenFor('cy');
  expect((await callApi(api, 'GET', `/v1/media/${kept}/medium`, { token })).status).toBe(302);
  const page = await callApi(api, 'GET', `/v1/conversations/${elsewhere}/messages`, { token });
  expect(await page.json()).toMatchObject({ messages: [{ media_object_id: kept }] });
  expect(await keysBelow(api.context.storage, `${world.media}/`)).toEqual([]);
  expect(await keysBelow(api.context.storage, `${world.unsent}/`)).not.toEqual([]);
});

test('members are notified when it is done', async () => {
  const world = await createAccessWorld(api);
  const heard: string[] = [];
  const { bus } = api.context;
  const end = bus.subscribe(bus.subjects.user('ben'), (data) => heard.push(Buffer.from(data).toString()));
  await bus.check();
  await erase(`/v1/conversations/${world.conversation}`);
  await bus.check();
  end();
  expect(heard.map((text) => JSON.parse(text))).toContainEqual({
    type: 'conversation.removed',
    conversation_id: world.conversation,
  });
});
