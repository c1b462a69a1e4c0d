import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { type Clamd, startClamd } from '../harness/clamd.ts';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const SECRET_OF_A_VIRUS = Buffer.from('no scanner knows yet that this is a virus');

let clamd: Clamd;
let system: System;
let ann: ChatUser;
let ben: ChatUser;

beforeAll(async () => {
  clamd = await startClamd();
  system = await startSystem(inject('stack'), {
    CLAMAV_PORT: String(clamd.port),
    VIRUS_POLICY: 'hard',
    SWEEP_INTERVAL: '500ms',
  });
  ann = new ChatUser(system, 'ann');
  ben = new ChatUser(system, 'ben');
});
afterAll(async () => {
  ann?.leave();
  ben?.leave();
  await system?.stop();
  await clamd?.stop();
});

const upload = async (user: ChatUser, text: string) => {
  const bytes = Buffer.concat([Buffer.from(text), SECRET_OF_A_VIRUS]);
  const id = await user.upload({ bytes, filename: 'notes.txt', filetype: 'text/plain' });
  return { id, bytes };
};

const statusOf = async (user: ChatUser, id: string) => (await user.call('GET', `/v1/media/${id}`)).status;

test('after new signatures a rescan blocks what was clean, everywhere, and the same bytes never come back', async () => {
  const conversation = await ann.startConversation('ben');
  await ben.follow(conversation);
  const infected = await upload(ann, 'one ');
  await ann.mediaIn(infected.id, ['ready']);
  await ann.send(conversation, {
    client_message_id: randomUUID(),
    message_type: 'file',
    media_object_id: infected.id,
  });
  // The same bytes of another user: not scanned again, and blocked all the same.
  const twin = await upload(ben, 'one ');
  await ben.mediaIn(twin.id, ['ready']);
  const harmless = await ann.upload({
    bytes: Buffer.from('harmless'),
    filename: 'a.txt',
    filetype: 'text/plain',
  });
  await ann.mediaIn(harmless, ['ready']);

  await clamd.learn('Test.Late', SECRET_OF_A_VIRUS);
  const run = await runClaimcheck(system.apiEnv, 'rescan', '--json', '--timeout', '30s');
  expect(run, run.error).toMatchObject({ code: 0 });
  expect(JSON.parse(run.out)).toMatchObject({ unanswered: 0, clean_or_unscannable: 1 });

  const blocked = await ben.event(
    'media.updated',
    ({ media }) => media.media_object_id === infected.id && media.state === 'blocked',
  );
  expect(blocked.payload.media.scan_state).toBe('infected');
  // VIRUS_POLICY=hard: no row is left, and the message says that something was removed.
  for (const [user, id] of [
    [ann, infected.id],
    [ben, twin.id],
  ] as const)
    await until(async () => ((await statusOf(user, id)) === 404 ? true : undefined), {
      withinMs: 20_000,
      what: `${id} to be purged`,
    });
  const { body } = await ben.call<{ messages: object[] }>(
    'GET',
    `/v1/conversations/${conversation}/messages`,
  );
  expect(body.messages).toHaveLength(1);
  expect(body.messages[0]).not.toHaveProperty('media_object_id');
  expect(await ann.media(harmless)).toMatchObject({ state: 'ready', scan_state: 'clean' });

  const again = await upload(ann, 'one ');
  await until(
    async () => {
      const { status, body: media } = await ann.call<{ state: string }>('GET', `/v1/media/${again.id}`);
      return status === 404 || media.state === 'blocked' ? true : undefined;
    },
    { withinMs: 20_000, what: 'the same bytes to be blocked again' },
  );

  const second = await runClaimcheck(system.apiEnv, 'rescan', '--json', '--since', '2000-01-01T00:00:00Z');
  expect(JSON.parse(second.out)).toMatchObject({ unanswered: 0, clean_or_unscannable: 0, blocked: 0 });
});

test('wrong options are reported', async () => {
  const wrong = await runClaimcheck(system.apiEnv, 'rescan', '--since', 'yesterday');
  expect(wrong.code).toBe(64);
  expect(wrong.error).toContain('--since');
});
