import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';

const ID = '0198f5a2-7c00-7000-8000-000000000001';
/** Every command, with arguments with which it queries its servers. */
const COMMANDS: string[][] = [
  ['migrate'],
  ['doctor', '--timeout', '1'],
  ['media', 'show', ID],
  ['media', 'refs', ID],
  ['media', 'redrive', ID],
  ['media', 'erase', ID, '--reason', 'test'],
  ['dlq', 'list'],
  ['dlq', 'show', '1'],
  ['dlq', 'redrive', '1'],
  ['reconcile'],
  ['rescan'],
  ['forget-verdict', 'a'.repeat(64)],
  ['user', 'export', 'ann'],
  ['user', 'quota', 'ann'],
  ['token', 'explain', 'abc'],
];
/** Far below the harness' own time limit, after which it kills. */
const LIMIT_MS = 50_000;

let system: System;
let silent: net.Server;
let received = '';
let port: number;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  silent = net.createServer((socket) => {
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  port = (silent.address() as AddressInfo).port;
});
afterAll(async () => {
  silent?.close();
  await system?.stop();
});

test('each command of the help is tried here', async () => {
  const { out } = await runClaimcheck({}, '--help');
  const names = [...out.matchAll(/^ {2}([a-z-]+(?: [a-z]+)?)[ <[]/gm)].map(([, name]) => name);
  const tried = COMMANDS.map((words) => words.slice(0, 2).join(' '));
  for (const name of names) expect(tried.some((one) => one.startsWith(name ?? ''))).toBe(true);
});

describe.each(['NATS_URL', 'DATABASE_URL'] as const)(
  '%s leads to a server that accepts and says nothing',
  (variable) => {
    test.concurrent.each(COMMANDS)(
      '%s %s ends',
      async (...words) => {
        const url =
          variable === 'NATS_URL' ? `nats://127.0.0.1:${port}` : `postgres://u:p@127.0.0.1:${port}/x`;
        const before = performance.now();
        const { code } = await runClaimcheck({ ...system.apiEnv, [variable]: url }, ...words);
        expect(code).not.toBe(-1);
        expect(performance.now() - before).toBeLessThan(LIMIT_MS);
      },
      70_000,
    );
  },
);

test('the answer names the variable and the time', async () => {
  const { code, error } = await runClaimcheck(
    { ...system.apiEnv, NATS_URL: `nats://127.0.0.1:${port}` },
    'dlq',
    'list',
  );
  expect(code).toBe(1);
  expect(error).toContain('NATS_URL: no answer within 10 s');
}, 70_000);

test('tls:// to a broker without TLS sends no password', async () => {
  const broker = net.createServer((socket) => {
    socket.write(
      'INFO {"server_id":"X","version":"2.15.2","proto":1,"headers":true,"max_payload":1048576}\r\n',
    );
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  const url = `tls://api:hush@127.0.0.1:${(broker.address() as AddressInfo).port}`;
  const { code, error } = await runClaimcheck({ ...system.apiEnv, NATS_URL: url }, 'dlq', 'list');
  broker.close();
  expect(code).toBe(1);
  expect(error).not.toContain('hush');
  expect(received).not.toContain('hush');
}, 70_000);

test('token explain reports the reason that clients do not get', async () => {
  const ask = async (token: string) =>
    JSON.parse((await runClaimcheck(system.apiEnv, 'token', 'explain', token, '--json')).out);
  expect(await ask(system.tokenFor('ann'))).toMatchObject({ accepted: true, user_id: 'ann' });
  expect(await ask(system.tokenFor('auth0|6123'))).toMatchObject({
    accepted: false,
    reason: 'subject',
    sub: 'auth0|6123',
  });
  expect(await ask(system.tokenFor('ann', { secret: 'x'.repeat(40) }))).toMatchObject({
    reason: 'signature',
  });
});
