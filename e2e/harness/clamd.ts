import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askClamd } from '@claimcheck/local-stack/clamav-server';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';

export interface Clamd {
  port: number;
  /** Makes these bytes a virus anywhere in a file, as an update of the signatures would. */
  learn(virus: string, bytes: Buffer): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a separate clamd, whose signatures may change while it runs.
 * @param options configured as ours are, or with clamd's defaults
 */
export const startClamd = async (options: { port?: number; defaults?: boolean } = {}): Promise<Clamd> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-clamd-'));
  const port = options.port ?? (await freePort());
  const signatures: string[] = [];
  const write = () => writeFile(join(folder, 'test.ndb'), `${signatures.join('\n')}\n`);
  const add = (virus: string, bytes: Buffer) => signatures.push(`${virus}:0:*:${bytes.toString('hex')}`);
  add('Test.Unused', Buffer.from('clamd does not start without a signature'));
  await write();
  const config = [
    'Foreground yes',
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    `DatabaseDirectory ${folder}`,
    `TemporaryDirectory ${folder}`,
    // A reload is complete when clamd answers it.
    'ConcurrentDatabaseReload no',
    // A reload waits for idle connections; for 30 s by default.
    'IdleTimeout 2',
    ...(options.defaults ? [] : ['AlertEncrypted yes', 'AlertExceedsMax yes']),
  ];
  await writeFile(join(folder, 'clamd.conf'), `${config.join('\n')}\n`);
  const service = await startProcess({
    name: 'clamd',
    command: 'clamd',
    args: ['--config-file', join(folder, 'clamd.conf')],
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    ready: async () => (await askClamd('127.0.0.1', port, 'PING')) === 'PONG',
    timeoutMs: 60_000,
  });
  return {
    port,
    learn: async (virus, bytes) => {
      add(virus, bytes);
      await write();
      await askClamd('127.0.0.1', port, 'RELOAD');
    },
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
