import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { resultOf } from './harness/results.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  env = { ...stack, DATABASE_URL: db.url, AUTH_JWT_SECRET: 'x'.repeat(32), APP_NAME: 'test' };
});
afterAll(() => db?.close());

const run = async (...argv: string[]) => {
  const said = { out: '', error: '' };
  const code = await runCli(COMMANDS, argv, env, {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text;
    },
    audit: () => {},
  });
  return { code, ...said };
};

const degraded = async (): Promise<string> => {
  const id = await db.uploaded();
  const { processed: _, ...final } = resultOf(id, 'final');
  for (const result of [resultOf(id, 'preview'), resultOf(id, 'scan'), { ...final, processed: [] }])
    await db.database.transaction((tx) => applyResult(tx, settings, result));
  return id;
};

test('media show prints the row, the upload, derivatives and applied results', async () => {
  const id = await degraded();
  const shown = await run('media', 'show', id);
  expect(shown.code).toBe(0);
  for (const words of [/state +degraded/, /phase +complete/, /thumbnail +webp/, /1 +scan/])
    expect(shown.out).toMatch(words);
  const json = JSON.parse((await run('media', 'show', id, '--json')).out);
  expect(json).toMatchObject({ media: { media_object_id: id, state: 'degraded' }, references: 0 });
  expect(json.results).toHaveLength(3);
});

test('media refs says why it still exists', async () => {
  const id = await degraded();
  expect((await run('media', 'refs', id)).out).toMatch(/^It has no reference/);
  const messageId = await db.shared(id, 'refs');
  const shown = await run('media', 'refs', id);
  expect(shown.out).toMatch(/^It is referenced/);
  expect(shown.out).toMatch(new RegExp(`message +${messageId} +refs`));
  expect(JSON.parse((await run('media', 'refs', id, '--json')).out)).toMatchObject({
    count: 1,
    references: [{ kind: 'message', ref_id: messageId, conversation_id: 'refs' }],
  });
});

test('media redrive starts a new epoch, once, and only for failed or degraded media', async () => {
  const id = await degraded();
  await db.shared(id, 'redriven');
  db.facts.length = 0;
  const answer = await run('media', 'redrive', id, '--json');
  expect(answer).toMatchObject({ code: 0, error: '' });
  expect(JSON.parse(answer.out)).toMatchObject({ media_object_id: id, state: 'processing', epoch: 2 });
  expect(await run('media', 'redrive', id)).toMatchObject({
    code: 1,
    error: expect.stringContaining('it is processing'),
  });
  const requests = await db.database.client.$queryRaw<{ epoch: number }[]>`
    SELECT (payload->>'epoch')::int AS epoch FROM outbox WHERE payload->>'mediaId' = ${id} ORDER BY created_at`;
  expect(requests.map(({ epoch }) => epoch)).toEqual([1, 2]);
  for (const stage of ['preview', 'scan', 'final'] as const)
    await db.database.transaction((tx) => applyResult(tx, settings, resultOf(id, stage, 2)));
  expect(await run('media', 'redrive', id)).toMatchObject({
    code: 1,
    error: expect.stringContaining('it is ready'),
  });
});

test('an unknown id and a malformed id get different errors', async () => {
  expect(await run('media', 'refs', '00000000-0000-4000-8000-000000000000')).toMatchObject({
    code: 1,
    error: expect.stringMatching(/^not_found/),
  });
  expect(await run('media', 'show', 'x')).toMatchObject({
    code: 64,
    error: expect.stringContaining('x is not the id'),
  });
  expect(
    await runCli(
      COMMANDS,
      ['media', 'show', '00000000-0000-4000-8000-000000000000'],
      {},
      { out: () => {}, error: () => {}, audit: () => {} },
    ),
  ).toBe(78);
});
