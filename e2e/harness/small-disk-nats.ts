import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@claimcheck/local-stack/find-program';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { natsServerProgram } from '@claimcheck/local-stack/programs';

const DISK = '8m';
const CHUNK = Buffer.alloc(4_096);

export interface SmallDiskNats {
  url: string;
  service: ManagedService;
  /** The server's own report on its storage. */
  isHealthy(): Promise<boolean>;
  /** Fills the disk to its last byte. */
  fillDisk(): Promise<void>;
  freeDisk(): Promise<void>;
  stop(): Promise<void>;
}

/** Mounting requires root, or a system with user namespaces. */
const isRoot = process.getuid?.() === 0;

/** A small disk that exists as long as this process; only processes in its namespace see it. */
const startDisk = (folder: string): Promise<ManagedService> => {
  let isMounted = false;
  return startProcess({
    name: 'small disk',
    command: 'unshare',
    args: [
      ...(isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount']),
      ...['sh', '-c', `mount -t tmpfs -o size=${DISK} tmpfs "$0" && echo mounted && exec sleep 1d`, folder],
    ],
    env: { PATH: process.env.PATH ?? '' },
    cwd: '/',
    onLine: (line) => {
      isMounted ||= line === 'mounted';
    },
    ready: async () => isMounted,
    timeoutMs: 5_000,
  });
};

const fill = async (file: string): Promise<void> => {
  const handle = await open(file, 'w');
  try {
    for (;;) await handle.write(CHUNK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    await handle.close();
  }
};

/** Starts nats-server with JetStream on a separate disk that can be filled; its files survive a restart. */
export const startSmallDiskNats = async (): Promise<SmallDiskNats> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-disk-'));
  const port = await freePort();
  const monitorPort = await freePort(new Set([port]));
  const disk = await startDisk(folder);
  const seenFromHere = `/proc/${disk.pid}/root${folder}`;
  const full = join(seenFromHere, 'full');
  const config = `${folder}.conf`;
  await writeFile(
    config,
    `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitorPort}"\n` +
      `jetstream { store_dir: "${folder}/jetstream", sync_interval: always }\n`,
  );
  const isHealthy = async () => (await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).ok;
  const namespaces = isRoot ? ['--mount'] : ['--user', '--preserve-credentials', '--mount'];
  const program = await findProgram(natsServerProgram, { env: process.env, onProgress: () => undefined });
  const service = await startProcess({
    name: 'nats on a small disk',
    command: 'nsenter',
    args: ['--target', String(disk.pid), ...namespaces, '--', program, '-c', config],
    env: { PATH: process.env.PATH ?? '' },
    cwd: '/',
    ready: isHealthy,
    timeoutMs: 30_000,
  });
  return {
    url: `nats://127.0.0.1:${port}`,
    service,
    isHealthy,
    fillDisk: () => fill(full),
    freeDisk: () => rm(full),
    stop: async () => {
      await service.stop();
      await disk.stop();
      await rm(folder, { recursive: true, force: true });
      await rm(config, { force: true });
    },
  };
};
