import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@claimcheck/local-stack/find-program';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { natsServerProgram } from '@claimcheck/local-stack/programs';

export interface LazyNats {
  monitorUrl: string;
  stop(): Promise<void>;
}

/** A broker without configuration: it confirms messages that are not on disk yet. */
export const startLazyNats = async (): Promise<LazyNats> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-lazy-nats-'));
  const port = await freePort();
  const monitor = await freePort(new Set([port]));
  const file = join(folder, 'nats-server.conf');
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    `http: "127.0.0.1:${monitor}"`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`,
  ];
  await writeFile(file, lines.join('\n'));
  const progress = { env: process.env, onProgress: (line: string) => process.stderr.write(`${line}\n`) };
  const monitorUrl = `http://127.0.0.1:${monitor}`;
  const service = await startProcess({
    name: 'lazy nats',
    command: await findProgram(natsServerProgram, progress),
    args: ['-c', file],
    env: {},
    cwd: folder,
    ready: async () => (await fetch(`${monitorUrl}/healthz?js-enabled-only=true`)).ok,
    timeoutMs: 30_000,
  });
  return {
    monitorUrl,
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
