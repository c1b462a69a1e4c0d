import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { configured, type Environment } from './environment.ts';
import { goInstall } from './go-install.ts';
import type { Progress } from './progress.ts';
import { runCommand } from './run-command.ts';

/** A server program that is not on npm. */
export interface ProgramSpec {
  name: string;
  /** Go module path with the package, without its version. */
  module: string;
  /** The version to compile, such as `v2.15.2`. */
  version: string;
  /** Oldest acceptable version on PATH, such as `[2, 14]`; without it any version is accepted. */
  minimumVersion?: readonly [number, number];
  /** How a person gets it without Go; one sentence. */
  howToGet: string;
}

export interface FindOptions {
  env: Environment;
  onProgress: Progress;
  signal?: AbortSignal | undefined;
}

/** Returns the folder of compiled programs: `CLAIMCHECK_CACHE_DIR`, by default `~/.cache/claimcheck`. */
export const cacheDirectory = (env: Environment): string => {
  return (
    configured(env, 'CLAIMCHECK_CACHE_DIR') ??
    join(configured(env, 'HOME') ?? homedir(), '.cache', 'claimcheck')
  );
};

/** Returns the first executable file called `name` on the PATH of `env`. */
export const findOnPath = async (name: string, env: Environment): Promise<string | undefined> => {
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    if (directory === '') continue;
    const candidate = join(directory, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
};

/**
 * Returns the program's path: from PATH if it is new enough, else from the cache, else compiled into the cache.
 * @throws Error that names the program and how to get it.
 */
export const findProgram = async (spec: ProgramSpec, options: FindOptions): Promise<string> => {
  const found = await findExisting(spec, options.env);
  if (found !== undefined) return found;
  const go = await findOnPath('go', options.env);
  if (go === undefined) throw new Error(missingMessage(spec, await findOnPath(spec.name, options.env)));
  const target = cachedPath(spec, options.env);
  await goInstall({ ...spec, go, cache: cacheDirectory(options.env), target, ...options });
  return target;
};

/** Returns whether `findProgram` has a program, or a Go to compile it with. */
export const isProgramAvailable = async (spec: ProgramSpec, env: Environment): Promise<boolean> =>
  (await findExisting(spec, env)) !== undefined || (await findOnPath('go', env)) !== undefined;

const findExisting = async (spec: ProgramSpec, env: Environment): Promise<string | undefined> => {
  const onPath = await findOnPath(spec.name, env);
  if (onPath !== undefined && (await isNewEnough(onPath, spec, env))) return onPath;
  const cached = cachedPath(spec, env);
  return (await isExecutable(cached)) ? cached : undefined;
};

const cachedPath = (spec: ProgramSpec, env: Environment): string =>
  join(cacheDirectory(env), 'bin', `${spec.name}-${spec.version}`);

export const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};

/** Reads the first `2.14` or `v2.14.1` in a `--version` text. */
export const parseVersion = (text: string): [number, number] | undefined => {
  const match = /\bv?(\d+)\.(\d+)/.exec(text);
  return match?.[1] !== undefined && match[2] !== undefined
    ? [Number(match[1]), Number(match[2])]
    : undefined;
};

const isNewEnough = async (path: string, spec: ProgramSpec, env: Environment): Promise<boolean> => {
  if (spec.minimumVersion === undefined) return true;
  const printed = await runCommand(path, ['--version'], { env, signal: AbortSignal.timeout(10_000) }).catch(
    () => '',
  );
  const version = parseVersion(printed);
  if (version === undefined) return false;
  const [major, minor] = spec.minimumVersion;
  return version[0] > major || (version[0] === major && version[1] >= minor);
};

const missingMessage = (spec: ProgramSpec, tooOld: string | undefined): string => {
  const minimum = spec.minimumVersion?.join('.');
  const found = tooOld === undefined ? 'is not on PATH' : `at ${tooOld} is older than ${minimum}`;
  return `${spec.name} ${found}, and there is no Go to compile it with. ${spec.howToGet}`;
};
