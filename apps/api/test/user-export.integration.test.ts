import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { createConversation } from '../src/media/messages/conversations.ts';
import { deleteMessage } from '../src/media/messages/delete-message.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { type AccessWorld, createAccessWorld } from './harness/access-world.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

type Line = { type: string } & Record<string, unknown>;

let api: TestApi;
let world: AccessWorld;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
  world = await createAccessWorld(api);
});
afterAll(() => api?.close());

const exported = async (userId: string): Promise<{ lines: Line[]; audit: string[] }> => {
  const said = { out: '', audit: [] as string[] };
  const argv = ['user', 'export', userId, '--by', 'support', '--reason', 'request 7'];
  const env = {
    ...inject('stack'),
    DATABASE_URL: api.db.url,
    AUTH_JWT_SECRET: 'x'.repeat(32),
    APP_NAME: 'test',
  };
  const code = await runCli(COMMANDS, argv, env, {
    out: (text) => {
      said.out += text;
    },
    error: (text) => expect(text).toBe(''),
    audit: (line) => said.audit.push(line),
  });
  expect(code).toBe(0);
  const lines: Line[] = said.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { lines, audit: said.audit };
};

const ofType = (lines: readonly Line[], type: string) => lines.filter((line) => line.type === type);

const send = (conversation_id: string, sender_user_id: string, body: string) =>
  api.context.database.transaction((tx) =>
    sendMessage(
      tx,
      api.context.settings,
      { conversation_id, sender_user_id },
      { client_message_id: uuidv7(), message_type: 'text', body },
    ),
  );

test('an export has media with their keys, messages, references and memberships, and counts its lines', async () => {
  const { lines, audit } = await exported('ann');
  expect(lines.at(-1)).toEqual({ type: 'end', lines: lines.length - 1 });
  expect(lines[0]).toMatchObject({ type: 'user', user_id: 'ann' });

  const media = ofType(lines, 'media');
  expect(media.map(({ media_object_id }) => media_object_id)).toEqual(
    expect.arrayContaining([world.media, world.unsent, world.film]),
  );
  expect(media.find(({ media_object_id }) => media_object_id === world.media)).toMatchObject({
    owner_user_id: 'ann',
    sourceUrl: expect.stringContaining(`/v1/media/${world.media}/source`),
    client_media_ids: expect.any(Array),
    objects: expect.arrayContaining([
      { quality: 'source', s3_bucket: expect.any(String), object_storage_key: `${world.media}/source` },
    ]),
  });
  expect(ofType(lines, 'reference')).toContainEqual(
    expect.objectContaining({ media_object_id: world.media, conversation_id: world.conversation }),
  );
  expect(ofType(lines, 'message')).toContainEqual(
    expect.objectContaining({ message_id: world.message, media_object_id: world.media }),
  );
  expect(ofType(lines, 'membership')).toContainEqual(
    expect.objectContaining({ conversation_id: world.conversation }),
  );
  expect(ofType(lines, 'unfinished_upload')).toContainEqual(
    expect.objectContaining({ upload_id: world.upload, offset: 0, length: 5 }),
  );
  expect(audit.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ actor: 'support', reason: 'request 7', object: { user_id: 'ann' } }),
  ]);
});

test('an export has nothing of other users, and no token that opens media', async () => {
  const { lines } = await exported('ben');
  expect(ofType(lines, 'media')).toEqual([]);
  expect(ofType(lines, 'media_session')).toHaveLength(1);
  const text = JSON.stringify(lines);
  expect(text).not.toContain(world.credentials['media session'].t);
  expect(text).not.toContain('ann');
});

test('an export of several pages has each message once, edited, deleted or neither', async () => {
  const { database, settings } = api.context;
  const [sender, conversation_id] = [`cy-${uuidv7()}`, `c-${uuidv7()}`];
  await database.transaction((tx) =>
    createConversation(tx, { conversation_id, created_by: sender, member_ids: [sender] }),
  );
  const bodies = Array.from({ length: 202 }, (_, index) => `text ${index}`);
  for (const body of bodies) await send(conversation_id, sender, body);
  const [deleted] = await database.client.message.findMany({ where: { conversation_id }, take: 1 });
  await database.transaction((tx) =>
    deleteMessage(
      tx,
      settings,
      { conversation_id, message_id: deleted?.message_id ?? '' },
      { user_id: sender, is_backend: false },
    ),
  );
  const { lines } = await exported(sender);
  const found = ofType(lines, 'message').map(({ body }) => body);
  expect(found.toSorted()).toEqual(bodies.filter((body) => body !== deleted?.body).toSorted());
  expect(ofType(lines, 'deleted_message')).toEqual([
    expect.objectContaining({ client_message_id: deleted?.client_message_id }),
  ]);
  expect(ofType(lines, 'conversation')).toEqual([expect.objectContaining({ conversation_id })]);
});

/** Type of the records that tables with a user's id are exported as. */
const EXPORTED = {
  conversation: 'conversation',
  conversation_member: 'membership',
  media_alias: 'media',
  media_object: 'media',
  media_session: 'media_session',
  message: 'message',
  message_tombstone: 'deleted_message',
  upload_session: 'unfinished_upload',
  user_limit: 'user',
  user_usage: 'user',
};
/** Answers that are repeated for a day, and orders of moderators, who are not the user. */
const LEFT_OUT = ['idempotency_key', 'takedown'];

test('each table with a column for a user is exported, or left out for a reason', async () => {
  const columns = await api.context.database.client.$queryRaw<{ table_name: string }[]>`
    SELECT DISTINCT table_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name ~ '(^|_)user_id$|_by$' AND table_name NOT LIKE '\\_%'`;
  const tables = columns.map(({ table_name }) => table_name).toSorted();
  expect(tables).toEqual([...Object.keys(EXPORTED), ...LEFT_OUT].toSorted());
  const types = new Set((await exported('ann')).lines.map(({ type }) => type));
  for (const table of ['media_object', 'message', 'conversation_member', 'upload_session'] as const)
    expect(types).toContain(EXPORTED[table]);
});
