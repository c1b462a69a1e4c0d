import { Prisma } from '@claimcheck/database/database';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { answerOnce } from '../src/http/answer-once.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
});
afterAll(() => api?.close());

const KEY = (key: string) => ({ 'idempotency-key': key });
const FIFTY = Array.from({ length: 50 }, (_, index) => index);

const upload = (client_media_id: string, size_bytes = 10) => ({
  client_media_id,
  filename: 'a.bin',
  size_bytes,
  content_type: 'application/octet-stream',
});
const text = (client_message_id: string, body = 'x') => ({ client_message_id, message_type: 'text', body });

const conversation = async (user: string): Promise<string> => {
  const { text: body } = await api.post(user, '/v1/conversations', { member_ids: [] });
  return JSON.parse(body).conversation_id;
};

/** Removes the ticket, which is signed again for each answer. */
const withoutTicket = (body: string) => {
  const { media, upload: instructions } = JSON.parse(body);
  return { media, url: instructions.url, expires_at: instructions.expires_at };
};

describe('the same key', () => {
  test('makes one conversation of fifty requests at once, and returns the same answer to all', async () => {
    const before = await api.db.database.client.conversation.count();
    const answers = await Promise.all(
      FIFTY.map(() => api.post('ann', '/v1/conversations', { member_ids: ['ben'] }, KEY('c1'))),
    );
    expect(new Set(answers.map(({ status, text: body }) => `${status} ${body}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect((await api.db.database.client.conversation.count()) - before).toBe(1);
  });

  test('makes one message; with another body it is refused', async () => {
    const id = await conversation('ann');
    const path = `/v1/conversations/${id}/messages`;
    const first = await api.post('ann', path, text('m1'), KEY('m'));
    expect(first.status).toBe(201);
    expect(await api.post('ann', path, text('m1'), KEY('m'))).toMatchObject({
      status: 201,
      text: first.text,
    });
    // Without the header, the message's own key reports the existing message.
    expect((await api.post('ann', path, text('m1'))).status).toBe(200);
    const other = await api.post('ann', path, text('m2'), KEY('m'));
    expect([other.status, JSON.parse(other.text)]).toMatchObject([
      422,
      { code: 'idempotency_mismatch', field: 'Idempotency-Key', retryable: false },
    ]);
    expect(await api.db.database.client.message.count({ where: { conversation_id: id } })).toBe(1);
  });

  test('in another conversation is another request', async () => {
    const [one, two] = [await conversation('ann'), await conversation('ann')];
    await api.post('ann', `/v1/conversations/${one}/messages`, text('m'), KEY('same'));
    const answer = await api.post('ann', `/v1/conversations/${two}/messages`, text('m'), KEY('same'));
    expect(answer.status).toBe(422);
    expect(await api.db.database.client.message.count({ where: { conversation_id: two } })).toBe(0);
  });

  test('makes one media object, and stores no ticket', async () => {
    const answers = await Promise.all(FIFTY.map(() => api.post('ann', '/v1/media', upload('u1'), KEY('u'))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const bodies = answers.map(({ text: body }) => withoutTicket(body));
    for (const body of bodies) expect(body).toEqual(bodies[0]);
    for (const { text: body } of answers)
      expect(JSON.parse(body).upload.headers.authorization).toMatch(/^Bearer /);
    const kept = await api.db.database.client.idempotency_key.findFirstOrThrow({ where: { key: 'u' } });
    expect(JSON.stringify(kept.body)).not.toMatch(/authorization|Bearer|eyJ/);
    expect((await api.post('ann', '/v1/media', upload('u1', 11), KEY('u'))).status).toBe(422);
  });

  test('belongs to one user and one route', async () => {
    const id = await conversation('ann');
    const answers = [
      await api.post('ann', '/v1/conversations', { member_ids: [] }, KEY('mine')),
      await api.post('ben', '/v1/conversations', { member_ids: [] }, KEY('mine')),
      await api.post('ann', '/v1/media', upload('mine'), KEY('mine')),
      await api.post('ann', `/v1/conversations/${id}/messages`, text('mine'), KEY('mine')),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  });

  test('stores no refusal: the same request may succeed later', async () => {
    const path = '/v1/conversations/later/messages';
    expect((await api.post('ann', path, text('m'), KEY('later'))).status).toBe(404);
    await api.post('ann', '/v1/conversations', { conversation_id: 'later', member_ids: [] });
    expect((await api.post('ann', path, text('m'), KEY('later'))).status).toBe(201);
  });

  test('is stored together with its effect, or not at all', async () => {
    const { database } = api.db;
    const scope = { user_id: 'ann', route: 'r', key: 'crash', request_hash: '0'.repeat(64) };
    const insert = (crash: boolean) =>
      database.transaction((tx) =>
        answerOnce(tx, scope, async () => {
          await tx.query(
            Prisma.sql`INSERT INTO conversation (conversation_id, created_by) VALUES ('crash', 'ann')`,
          );
          if (crash) throw new Error('the process dies here');
          return { status: 201, body: { conversation_id: 'crash' } };
        }),
      );
    await expect(insert(true)).rejects.toThrow('dies here');
    expect(await database.client.idempotency_key.count({ where: { key: 'crash' } })).toBe(0);
    expect(await database.client.conversation.count({ where: { conversation_id: 'crash' } })).toBe(0);
    // A repeated effect would break the primary key.
    const answers = [await insert(false), await insert(false)];
    expect(answers[0]).toEqual(answers[1]);
  });
});

test.each([['x'.repeat(129)], ['with space'], ['ümlaut']])(
  'the key %s is refused, by its name',
  async (key) => {
    const headers = KEY(Buffer.from(key).toString('latin1'));
    const answer = await api.post('ann', '/v1/conversations', { member_ids: [] }, headers);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      400,
      { code: 'invalid_request', field: 'Idempotency-Key' },
    ]);
  },
);

test('fifty requests at once with the same client_media_id create one media object', async () => {
  const answers = await Promise.all(FIFTY.map(() => api.post('ann', '/v1/media', upload('fifty'))));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
  const ids = answers.map(({ text: body }) => JSON.parse(body).media.media_object_id);
  expect(new Set(ids).size).toBe(1);
  const { client } = api.db.database;
  expect(await client.media_alias.count({ where: { client_media_id: 'fifty' } })).toBe(1);
  const named = await client.upload_session.count({ where: { media_object_id: { in: ids } } });
  expect(named).toBe(1);
});

test('fifty requests at once with the same client_message_id send one message, with one reference', async () => {
  const id = await conversation('ann');
  const media_object_id = await api.db.uploaded();
  const message = { client_message_id: 'fifty', message_type: 'file', media_object_id };
  const answers = await Promise.all(
    FIFTY.map(() => api.post('ann', `/v1/conversations/${id}/messages`, message)),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
  const { client } = api.db.database;
  expect(await client.media_reference.count({ where: { media_object_id } })).toBe(1);
  expect(await client.conversation_event.count({ where: { conversation_id: id } })).toBe(2);
});

test('a page of another origin may send the header', async () => {
  const response = await fetch(`${api.url}/v1/conversations`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://chat.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('https://chat.example');
  expect(response.headers.get('access-control-allow-headers')).toContain('idempotency-key');
});

test.each([
  ['http://localhost:5173/app/', 'http://127.0.0.1:5173', 'http://127.0.0.1:5173'],
  ['capacitor://localhost/', 'capacitor://localhost', 'capacitor://localhost'],
  ['capacitor://localhost', 'null', null],
  ['*', 'https://anywhere.example', 'https://anywhere.example'],
])('with CORS_ORIGINS=%s a page of %s reads the answer for %s', async (CORS_ORIGINS, origin, allowed) => {
  const own = await startTestApi(inject('stack'), { CORS_ORIGINS });
  try {
    const { headers } = await fetch(`${own.url}/config.json`, { headers: { origin } });
    expect(headers.get('access-control-allow-origin')).toBe(allowed);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
  } finally {
    await own.close();
  }
});
