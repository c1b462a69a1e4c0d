import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runToEnd } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
});
afterAll(() => system?.stop());

const NOBODY = { DATABASE_URL: 'postgres://a:hush@127.0.0.1:1/x', NATS_URL: 'nats://a:hush@127.0.0.1:1' };

test.each([
  ['api', 'Postgres', 'DATABASE_URL'],
  ['api', 'NATS', 'NATS_URL'],
  ['gateway', 'NATS', 'NATS_URL'],
  ['worker', 'NATS', 'NATS_URL'],
] as const)('%s whose %s does not answer ends with a line that names %s', async (app, server, variable) => {
  const { code, out, error } = await runToEnd(`apps/${app}/src/main.ts`, {
    ...(app === 'worker' ? system.env : system.apiEnv),
    PORT: '0',
    GATEWAY_PORT: '0',
    ADMIN_PORT: '0',
    [variable]: NOBODY[variable],
  });
  const fatal = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 'fatal');
  expect(fatal).toMatchObject([
    { app, msg: `${app} could not start: ${server} (${variable}) does not answer` },
  ]);
  expect(`${out}${error}`).not.toMatch(/ {4}at |hush/);
  expect(code).toBe(1);
});
