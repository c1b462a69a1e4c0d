import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { expect, it, onTestFinished, vi } from 'vitest';
import { lockDataDirectory } from '../src/data-directory-lock.ts';
import type { Environment } from '../src/environment.ts';
import { runClaimcheck } from '../src/run-claimcheck.ts';
import { readStartConfig } from '../src/start-config.ts';
import { heldServerLocks } from './fixtures/liveness.ts';
import { freePortsEnvironment, smallCheckout } from './fixtures/small-checkout.ts';
import { temporaryDirectory } from './fixtures/temporary-directory.ts';

const START = fileURLToPath(new URL('../src/start.ts', import.meta.url));

const run = (root: string, env: Environment) => {
  const stop = new AbortController();
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const config = readStartConfig(env, root);
  const ended = runClaimcheck({ config, env, root, print, signal: stop.signal });
  // Awaited by each test; a failure before that is not an unhandled one.
  ended.catch(() => undefined);
  onTestFinished(() => stop.abort());
  return { stop, lines, config, ended };
};

const start = (env: Environment): { child: ChildProcess; errors: Promise<string> } => {
  const child = spawn(process.execPath, [START], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, errors: text(child.stderr) };
};

it('builds the demo, migrates, starts the apps, says it is ready, and stops in order', async () => {
  const root = await temporaryDirectory();
  await smallCheckout(root);
  const { stop, lines, config, ended } = run(root, await freePortsEnvironment());
  await Promise.race([
    ended,
    vi.waitFor(() => expect(lines).toContain('Claimcheck is ready'), { timeout: 90_000 }),
  ]);
  expect(lines.join('\n')).toContain(config.publicUrl);
  await vi.waitFor(() => expect(lines).toContain('gateway warn: hello'));
  await stat(join(root, 'migrated'));
  await stat(join(root, 'apps/web/dist/index.html'));
  const gateway = await fetch(`http://127.0.0.1:${config.ports['gateway ADMIN_PORT']}/`);
  expect(await gateway.text()).toContain('claimcheck_reader');
  const envFile = join(config.dataDir, 'api.env');
  expect((await stat(envFile)).mode & 0o777).toBe(0o600);
  const kept = parseEnv(await readFile(envFile, 'utf8'));
  expect(kept).toMatchObject({ PUBLIC_URL: config.publicUrl, S3_BUCKET: 'claimcheck', DEV_LOGIN: 'true' });
  expect(kept.DATABASE_URL).toMatch(/^postgres/);
  expect(kept).not.toHaveProperty('PATH');

  stop.abort();
  await ended;
  for (const app of ['api', 'worker', 'gateway']) {
    expect(await readFile(join(config.dataDir, 'logs', `${app}.log`), 'utf8')).toContain('ended in order');
  }
  expect(heldServerLocks(config.dataDir)).toEqual([]);
  await expect(stat(envFile)).rejects.toThrow('ENOENT');
}, 120_000);

it('stops everything when an app ends by itself, and says which and why', async () => {
  const root = await temporaryDirectory();
  await smallCheckout(root);
  const { config, ended } = run(root, { ...(await freePortsEnvironment()), CRASH: 'worker' });
  await expect(ended).rejects.toThrow(/worker ended .*\(code 7\):.*out of paper/s);
  expect(heldServerLocks(config.dataDir)).toEqual([]);
}, 120_000);

it('gives up in the middle of a start when told to', async () => {
  const root = await temporaryDirectory();
  await smallCheckout(root);
  const { stop, lines, config, ended } = run(root, await freePortsEnvironment());
  await vi.waitFor(() => expect(heldServerLocks(config.dataDir)).not.toEqual([]), { timeout: 30_000 });
  stop.abort();
  await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
  expect(lines).not.toContain('Claimcheck is ready');
  expect(heldServerLocks(config.dataDir)).toEqual([]);
}, 60_000);

it('names all missing programs at once, and the way with Docker', async () => {
  const PATH = await temporaryDirectory();
  await writeFile(join(PATH, 'docker'), '#!/bin/sh\n', { mode: 0o755 });
  const { child, errors } = start({
    ...(await freePortsEnvironment()),
    PATH,
    CLAIMCHECK_CACHE_DIR: await temporaryDirectory(),
    CLAIMCHECK_DATA_DIR: await temporaryDirectory(),
    NATS_URL: '',
    S3_ENDPOINT: '',
  });
  const said = await errors;
  expect(said).toContain('Missing: nats-server, versitygw, and there is no Go');
  expect(said).toContain('docker compose -f infra/compose.demo.yaml up');
  await vi.waitFor(() => expect(child.exitCode).toBe(1));
});

it('names a port that is taken, before it starts anything', async () => {
  const env = await freePortsEnvironment();
  const other = createServer().listen(Number(env.GATEWAY_PORT), '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { child, errors } = start({ ...env, CLAIMCHECK_DATA_DIR: await temporaryDirectory() });
  expect(await errors).toContain(`GATEWAY_PORT ${env.GATEWAY_PORT} is used by another program`);
  await vi.waitFor(() => expect(child.exitCode).toBe(1));
});

it('refuses a data directory that is in use, and a configuration that is not valid', async () => {
  const env = await freePortsEnvironment();
  const dataDir = await temporaryDirectory();
  const lock = lockDataDirectory(dataDir, 'http://127.0.0.1:8080');
  const second = start({ ...env, CLAIMCHECK_DATA_DIR: dataDir });
  expect(await second.errors).toContain(`already running: pid ${process.pid}, http://127.0.0.1:8080`);
  await vi.waitFor(() => expect(second.child.exitCode).toBe(1));
  lock.release();

  const misconfigured = start({ ...env, PORT: 'http' });
  expect(await misconfigured.errors).toContain('PORT must be a port number');
  await vi.waitFor(() => expect(misconfigured.child.exitCode).toBe(78));
});
