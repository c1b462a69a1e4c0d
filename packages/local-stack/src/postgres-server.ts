import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { definedOnly } from './environment.ts';
import { type ManagedService, startProcess } from './managed-process.ts';
import { type PostgresAccount, postgresAccount, postgresPrograms } from './postgres-account.ts';
import { createDatabase, createReader, isAnswering } from './postgres-setup.ts';
import { withProgress } from './progress.ts';
import { runCommand } from './run-command.ts';
import type { ServiceContext } from './service-context.ts';

const OWNER = 'claimcheck';
const READER = 'claimcheck_reader';
const DATABASE = 'claimcheck';

export interface PostgresServer {
  service: ManagedService;
  /** URL of the owner of everything. */
  url: string;
  /** May SELECT from all present and future tables, and nothing else. */
  readerUrl: string;
}

/** Starts the Postgres that npm installed, on loopback, with a database and a read-only role. */
export const startPostgresServer = async (context: ServiceContext): Promise<PostgresServer> => {
  const { dataDir, env, ports, secrets, onProgress } = context;
  const programs = await postgresPrograms();
  const traversable = ((await stat(dataDir)).mode & 0o777) | 0o011;
  await chmod(dataDir, traversable);
  const directory = join(dataDir, 'postgres');
  const filesOwner = await ownerOf(directory);
  const account = await postgresAccount(programs, dataDir, filesOwner, env);
  if (filesOwner === undefined) {
    await withProgress('postgres: creating the database files', onProgress, () =>
      initialise(programs.initdb, directory, account, secrets.postgresPassword),
    );
  }
  const [command = '', ...prefixArgs] = [...account.prefix, programs.postgres];
  const { prefix: _, ...ids } = account;
  const address = `127.0.0.1:${ports.postgres}`;
  const ownerUrl = (database: string) =>
    `postgresql://${OWNER}:${secrets.postgresPassword}@${address}/${database}`;
  const service = await startProcess({
    name: 'postgres',
    command,
    args: [...prefixArgs, '-D', directory, ...flags(ports.postgres, context.postgresSettings)],
    env: definedOnly({ PATH: env.PATH, LC_ALL: 'C' }),
    cwd: directory,
    ...ids,
    logFile: join(context.logDir, 'postgres.log'),
    lockFile: join(dataDir, 'postgres.lock'),
    ready: () => isAnswering(ownerUrl('postgres')),
    timeoutMs: 60_000,
    // Fast shutdown: ends sessions and leaves clean files. SIGTERM would wait for clients to disconnect.
    stopSignal: 'SIGINT',
    graceMs: 20_000,
    signal: context.signal,
  });
  try {
    await createDatabase(ownerUrl('postgres'), DATABASE);
    await createReader(ownerUrl(DATABASE), READER, secrets.readerPassword);
  } catch (error) {
    await service.stop();
    throw error;
  }
  const readerUrl = `postgresql://${READER}:${secrets.readerPassword}@${address}/${DATABASE}`;
  return { service, url: ownerUrl(DATABASE), readerUrl };
};

const flags = (port: number, further: Readonly<Record<string, string>>): string[] => {
  const settings = {
    ...further,
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
};

/** Creates the files in a temporary folder and moves them, so that an interrupted start can be repeated. */
const initialise = async (initdb: string, directory: string, account: PostgresAccount, password: string) => {
  const aside = join(dirname(directory), `postgres-${randomBytes(4).toString('hex')}.new`);
  const secretFolder = await mkdtemp(join(tmpdir(), 'claimcheck-initdb-'));
  const passwordFile = join(secretFolder, 'password');
  try {
    await mkdir(aside, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    for (const path of [aside, secretFolder, passwordFile]) await giveTo(account, path);
    const { prefix, ...ids } = account;
    const [command = '', ...args] = [
      ...prefix,
      initdb,
      `--pgdata=${aside}`,
      `--username=${OWNER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      // Postgres's own UTF-8 rules are the same on every machine, whatever its locales.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ];
    await runCommand(command, args, { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, cwd: '/', ...ids });
    await rename(aside, directory);
  } finally {
    await rm(aside, { recursive: true, force: true });
    await rm(secretFolder, { recursive: true, force: true });
  }
};

const giveTo = async (account: PostgresAccount, path: string): Promise<void> => {
  if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid);
};

/** Returns the uid of the folder's owner; undefined while the folder does not exist. */
const ownerOf = async (directory: string): Promise<number | undefined> => {
  return stat(directory).then(
    ({ uid }) => uid,
    () => undefined,
  );
};
