import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ACTORS, type AccessWorld, type Actor, createAccessWorld } from './harness/access-world.ts';
import { AUTHORIZATION_MATRIX, type MatrixRow } from './harness/authorization-matrix.ts';
import { routesOf } from './harness/routes-of.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

let api: TestApi;
let shared: AccessWorld;
beforeAll(async () => {
  // There are many worlds, with one owner.
  api = await startTestApi(inject('stack'), { MAX_OPEN_UPLOADS: '1000' });
  shared = await createAccessWorld(api);
});
afterAll(() => api?.close());

const ask = async (method: string, row: MatrixRow, world: AccessWorld, actor: Actor): Promise<number> => {
  const { path, body, bytes, headers } = row.call(world);
  const { token, t } =
    actor === 'upload ticket' && row.ticketOf !== undefined
      ? { token: world.ticketFor(row.ticketOf(world)), t: undefined }
      : world.credentials[actor];
  const url = new URL(`${api.url}${path}`);
  if (t !== undefined) url.searchParams.set('t', t);
  const response = await fetch(url, {
    method: method === 'ALL' ? 'GET' : method,
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined && bytes === undefined ? {} : { body: bytes ?? JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
};

test('the matrix has every existing route, and no other', () => {
  const routes = new Set(Object.keys(AUTHORIZATION_MATRIX).map((row) => row.split(' · ')[0]));
  expect([...routes].sort()).toEqual(routesOf(api.app).sort());
});

// Drill 28, invariant Z: the access of every actor, on every route.
describe.each(Object.entries(AUTHORIZATION_MATRIX))('%s', (route, row) => {
  test('the api answers each actor as the matrix says', async () => {
    const method = route.split(' ')[0] ?? '';
    const answered: Record<string, number> = {};
    const worlds = await Promise.all(
      ACTORS.map(() => (row.changes === true ? createAccessWorld(api) : shared)),
    );
    for (const [index, actor] of ACTORS.entries())
      answered[actor] = await ask(method, row, worlds[index] ?? shared, actor);
    expect(answered).toEqual(Object.fromEntries(ACTORS.map((actor, index) => [actor, row.expected[index]])));
  });
});
