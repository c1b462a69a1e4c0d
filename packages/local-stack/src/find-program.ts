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
  /** The version that is compiled, such as `v2.15.2`. */
  version: string;
  /** Oldest version on PATH that will do, such as `[2, 14]`; without it any version on PATH is taken. */
  minimumVersion?: readonly [number, number];
  /** How a person gets it without Go; one sentence. */
  howToGet: string;
}

export interface FindOptions {
  env: Environment;
  onProgress: Progress;
  signal?: AbortSignal | undefined;
}

/** Where compiled programs are kept: `CLAIMCHECK_CACHE_DIR`, by default `~/.cache/claimcheck`. */
export function cacheDirectory(env: Environment): string {
  return (
    configured(env, 'CLAIMCHECK_CACHE_DIR') ??
    join(configured(env, 'HOME') ?? homedir(), '.cache', 'claimcheck')
  );
}

/** The first executable file called `name` on the PATH of `env`. */
export async function findOnPath(name: string, env: Environment): Promise<string | undefined> {
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    if (directory === '') continue;
    const candidate = join(directory, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

/**
 * Path of the program: from PATH if new enough, else from the cache, else compiled into the cache.
 * @throws Error that names the program and how to get it.
 */
export async function findProgram(spec: ProgramSpec, options: FindOptions): Promise<string> {
  const onPath = await findOnPath(spec.name, options.env);
  if (onPath !== undefined && (await isNewEnough(onPath, spec, options.env))) return onPath;

  const cache = cacheDirectory(options.env);
  const cached = join(cache, 'bin', `${spec.name}-${spec.version}`);
  if (await isExecutable(cached)) return cached;

  const go = await findOnPath('go', options.env);
  if (go === undefined) throw new Error(missingMessage(spec, onPath));
  await goInstall({ ...spec, go, cache, target: cached, ...options });
  return cached;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Reads the first `2.14` or `v2.14.1` of a `--version` text. */
export function parseVersion(text: string): [number, number] | undefined {
  const match = /\bv?(\d+)\.(\d+)/.exec(text);
  return match?.[1] !== undefined && match[2] !== undefined
    ? [Number(match[1]), Number(match[2])]
    : undefined;
}

async function isNewEnough(path: string, spec: ProgramSpec, env: Environment): Promise<boolean> {
  if (spec.minimumVersion === undefined) return true;
  const printed = await runCommand(path, ['--version'], { env, signal: AbortSignal.timeout(10_000) }).catch(
    () => '',
  );
  const version = parseVersion(printed);
  if (version === undefined) return false;
  const [major, minor] = spec.minimumVersion;
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

function missingMessage(spec: ProgramSpec, tooOld: string | undefined): string {
  const minimum = spec.minimumVersion?.join('.');
  const found = tooOld === undefined ? 'is not on PATH' : `at ${tooOld} is older than ${minimum}`;
  return `${spec.name} ${found}, and there is no Go to compile it with. ${spec.howToGet}`;
}
