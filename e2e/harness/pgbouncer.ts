import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { isAnswering } from '@claimcheck/local-stack/postgres-setup';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { systemProgram } from './system-program.ts';

export type PoolMode = 'session' | 'transaction';

export interface PgBouncer {
  /** Returns the URL of a database behind it. */
  urlOf(database: string): string;
  stop(): Promise<void>;
}

const DOCUMENT = new URL('../../docs/operations.md', import.meta.url);
/** Returns the settings that the documentation gives to operators. */
const documented = async (): Promise<string> => {
  const [, settings = ''] = /```ini\n(.*?)```/s.exec(await readFile(DOCUMENT, 'utf8')) ?? [];
  return settings;
};

const findProgram = (): Promise<string> =>
  systemProgram({
    programs: ['pgbouncer'],
    aptPackage: 'pgbouncer',
    purpose: 'tests behind PgBouncer',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });

/** Modes that its version supports: transaction mode keeps prepared statements since 1.21. */
export const poolModes = async (): Promise<PoolMode[]> => {
  const said = await runCommand(await findProgram(), ['--version'], { env: process.env });
  const [, minor = '0'] = /PgBouncer 1\.(\d+)/.exec(said) ?? [];
  return Number(minor) >= 21 ? ['session', 'transaction'] : ['session'];
};

/** @param behind URL of the target Postgres, with its user */
export const startPgBouncer = async (behind: string, mode: PoolMode): Promise<PgBouncer> => {
  const { hostname, port, username, password } = new URL(behind);
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-pgbouncer-'));
  const config = join(folder, 'pgbouncer.ini');
  const own = await freePort();
  const settings = (await documented())
    .replace(/^claimcheck = .*$/m, `* = host=${hostname} port=${port} user=${username} password=${password}`)
    .replace(/^pool_mode = .*$/m, `pool_mode = ${mode}`)
    // A PgBouncer used only for this mode may not know it.
    .replace(mode === 'session' ? /^max_prepared_statements = .*$/m : /$^/, '');
  await writeFile(
    config,
    `${settings}listen_addr = 127.0.0.1\nlisten_port = ${own}\nunix_socket_dir =\nauth_type = any\n`,
  );
  const urlOf = (database: string) => `postgres://${username}@127.0.0.1:${own}/${database}`;
  const service = await startProcess({
    name: 'pgbouncer',
    command: await findProgram(),
    // It refuses to run as root.
    args: [...(process.getuid?.() === 0 ? ['-u', 'nobody'] : []), config],
    env: {},
    cwd: folder,
    ready: () => isAnswering(urlOf('postgres')),
    timeoutMs: 30_000,
  });
  return {
    urlOf,
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
