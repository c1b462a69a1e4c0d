import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { tryLockFile } from '../src/file-lock.ts';
import { startLocalStack } from '../src/local-stack.ts';
import { heldServerLocks, isAlive } from './fixtures/liveness.ts';
import { temporaryDirectory } from './fixtures/temporary-directory.ts';

const HOLD_STACK = fileURLToPath(new URL('./fixtures/hold-stack.ts', import.meta.url));

const holdStack = async (dataDir: string): Promise<{ holder: ChildProcess; pids: number[] }> => {
  const holder = spawn(process.execPath, [HOLD_STACK, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  const [line] = await once(createInterface(holder.stdout), 'line');
  return { holder, pids: JSON.parse(line) };
};

it('leaves no server when its process is killed, and the data directory can be used again', async () => {
  const dataDir = await temporaryDirectory();
  const { holder, pids } = await holdStack(dataDir);
  expect(pids).toHaveLength(4);
  expect(pids.every(isAlive)).toBe(true);
  expect(heldServerLocks(dataDir)).toHaveLength(4);

  await expect(startLocalStack({ dataDir, env: process.env })).rejects.toThrow(
    `already running: pid ${holder.pid}`,
  );
  holder.kill('SIGKILL');
  await once(holder, 'exit');

  // At once, while the guards still end the old servers: the new ones wait for them.
  const stack = await startLocalStack({ dataDir, env: process.env, clamav: 'test-signatures' });
  expect(pids.filter(isAlive)).toEqual([]);
  await stack.stop();
  await vi.waitFor(() => expect(heldServerLocks(dataDir)).toEqual([]), { timeout: 20_000 });
}, 120_000);

it('leaves no server when its process is ended by a signal it does not handle', async () => {
  const dataDir = await temporaryDirectory();
  const { holder, pids } = await holdStack(dataDir);
  holder.kill('SIGINT');
  await once(holder, 'exit');
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 20_000 });
  await vi.waitFor(() => expect(heldServerLocks(dataDir)).toEqual([]), { timeout: 20_000 });
  const lock = tryLockFile(`${dataDir}/lock`);
  expect(lock).toBeDefined();
  lock?.release();
}, 120_000);
