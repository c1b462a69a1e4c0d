import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemPackage } from '@claimcheck/local-stack/ensure-system-package';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

/** Starts a separate redis-server on loopback, in memory only; installs it if it is missing and this process may. */
export const startRedis = async (
  onProgress: (line: string) => void,
): Promise<{ url: string; stop(): Promise<void> }> => {
  const command = await ensureSystemPackage({
    programs: ['redis-server'],
    aptPackage: 'redis-server',
    purpose: 'the yardstick of the gateway bench',
    env: process.env,
    onProgress,
  });
  const port = await freePort();
  const cwd = await mkdtemp(join(tmpdir(), 'claimcheck-redis-'));
  const service = await startProcess({
    name: 'redis',
    command,
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    env: { PATH: process.env.PATH ?? '' },
    cwd,
    ready: () => accepts(port),
    timeoutMs: 30_000,
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      await service.stop();
      await rm(cwd, { recursive: true, force: true });
    },
  };
};
