import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '@claimcheck/local-stack/find-program';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { natsServerProgram } from '@claimcheck/local-stack/programs';

const CONFIGURATION = fileURLToPath(new URL('../../infra/nats/nats-server.conf', import.meta.url));
const USERS = ['api', 'worker', 'gateway', 'storage'] as const;

export interface NatsWithUsers {
  urls: Record<(typeof USERS)[number], string>;
  stop(): Promise<void>;
}

/** Starts the broker with infra/nats/nats-server.conf, apart from its addresses and its folder. */
export const startNatsWithUsers = async (): Promise<NatsWithUsers> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-nats-'));
  const port = await freePort();
  const monitor = await freePort(new Set([port]));
  const file = join(folder, 'nats-server.conf');
  const given = await readFile(CONFIGURATION, 'utf8');
  await writeFile(
    file,
    given
      .replace('"0.0.0.0:4222"', `"127.0.0.1:${port}"`)
      .replace('"0.0.0.0:8222"', `"127.0.0.1:${monitor}"`)
      .replace('"/data"', JSON.stringify(join(folder, 'jetstream'))),
  );
  const passwords = Object.fromEntries(
    USERS.map((user) => [`NATS_${user.toUpperCase()}_PASSWORD`, `of-${user}`]),
  );
  const progress = { env: process.env, onProgress: (line: string) => process.stderr.write(`${line}\n`) };
  const service = await startProcess({
    name: 'nats with users',
    command: await findProgram(natsServerProgram, progress),
    args: ['-c', file],
    env: passwords,
    cwd: folder,
    ready: async () => (await fetch(`http://127.0.0.1:${monitor}/healthz?js-enabled-only=true`)).ok,
    timeoutMs: 30_000,
  });
  const url = (user: string) => `nats://${user}:of-${user}@127.0.0.1:${port}`;
  return {
    urls: { api: url('api'), worker: url('worker'), gateway: url('gateway'), storage: url('storage') },
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
