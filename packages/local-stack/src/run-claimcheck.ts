import { join } from 'node:path';
import { appEnvironments } from './app-environments.ts';
import { buildWebDemo } from './build-web-demo.ts';
import { type DataDirectoryLock, lockDataDirectory } from './data-directory-lock.ts';
import { writeEnvFile } from './env-file.ts';
import type { Environment } from './environment.ts';
import { findFfmpeg, WITHOUT_FFMPEG } from './find-ffmpeg.ts';
import { isPortFree } from './free-port.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import type { ManagedService } from './managed-process.ts';
import { loadSecrets } from './persisted-settings.ts';
import { type Progress, withProgress } from './progress.ts';
import { requireServerPrograms } from './required-programs.ts';
import { runCommand } from './run-command.ts';
import { startAll } from './start-all.ts';
import { startApps } from './start-apps.ts';
import type { StartConfig } from './start-config.ts';
import { describeExit } from './supervised-process.ts';

export interface RunOptions {
  config: StartConfig;
  env: Environment;
  /** The checkout. */
  root: string;
  print: Progress;
  /** Fires to stop everything. */
  signal: AbortSignal;
}

/**
 * Runs all of Claimcheck until `signal` fires: servers, migrations, apps. It stops apps before the servers that they use;
 * the data stays.
 * @throws Error when a process does not start or ends by itself; then everything is stopped too
 */
export const runClaimcheck = async (options: RunOptions): Promise<void> => {
  const { config, print } = options;
  const lock = lockDataDirectory(config.dataDir, config.publicUrl);
  try {
    await requireServerPrograms(options.env);
    await requireFreePorts(config);
    const foundations = await startFoundations(options, lock);
    try {
      await runApps(options, foundations);
    } finally {
      print('Stopping the servers…');
      await foundations.stack.stop();
    }
  } finally {
    lock.release();
  }
};

const requireFreePorts = async (config: StartConfig): Promise<void> => {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(config.ports)) {
    if (!(await isPortFree(port))) taken.push(`  ${name} ${port} is used by another program`);
  }
  if (taken.length === 0) return;
  throw new Error(`Some ports are taken; end the other program or set another port:\n${taken.join('\n')}`);
};

interface Foundations {
  stack: LocalStack;
  /** Why there is no ffmpeg, if there is none. */
  ffmpegNote: string | undefined;
}

/** Starts the servers, finds ffmpeg and builds the demo, in parallel. */
const startFoundations = async (options: RunOptions, lock: DataDirectoryLock): Promise<Foundations> => {
  const { config, env, root, print } = options;
  const [stack, ffmpegNote] = await startAll<[LocalStack, string | undefined, undefined]>(
    [
      (signal) => startLocalStack({ dataDir: config.dataDir, env, lock, onProgress: print, signal }),
      (signal) => findFfmpeg({ env, onProgress: print, signal }),
      async (signal) => {
        await buildWebDemo({ root, env, onProgress: print, signal });
        return undefined;
      },
    ],
    async (result) => {
      if (typeof result === 'object') await result.stop();
    },
    options.signal,
  );
  return { stack, ffmpegNote };
};

const runApps = async (options: RunOptions, { stack, ffmpegNote }: Foundations): Promise<void> => {
  const { config, env, root, print, signal } = options;
  const environments = appEnvironments(env, config, stack.env, await loadSecrets(config.dataDir));
  if (ffmpegNote !== undefined) Object.assign(environments.worker, WITHOUT_FFMPEG);
  await withProgress('database: migrating', print, () =>
    runCommand(process.execPath, ['apps/api/src/cli/claimcheck.ts', 'migrate'], {
      env: environments.api,
      cwd: root,
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new Error('the database could not be migrated', { cause: error });
    }),
  );
  const logDir = join(config.dataDir, 'logs');
  const apps = await withProgress('apps: starting', print, () =>
    startApps({ root, logDir, environments, onProgress: print, signal }),
  );
  const envFile = await writeEnvFile(config.dataDir, environments.api);
  try {
    printBanner(options, [...stack.notes, ...(ffmpegNote === undefined ? [] : [ffmpegNote])]);
    await untilStopped(
      [...apps, ...Object.values(stack.services).filter((one) => one !== undefined)],
      signal,
    );
  } finally {
    print('Stopping the apps…');
    await Promise.all([envFile.remove(), ...apps.map((app) => app.stop())]);
  }
};

/** Resolves when the signal fires. @throws Error when one of them ends by itself. */
const untilStopped = async (services: readonly ManagedService[], signal: AbortSignal): Promise<void> => {
  const stopped = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stopped.resolve(), { once: true });
  if (signal.aborted) stopped.resolve();
  for (const service of services) {
    void service.exited.then((exit) => {
      if (exit.expected) return;
      const outcome = describeExit(exit);
      stopped.reject(new Error(`${service.name} ended unexpectedly (${outcome}):\n${service.logTail()}`));
    });
  }
  await stopped.promise;
};

const printBanner = ({ config, print }: RunOptions, notes: readonly string[]): void => {
  print('Claimcheck is ready');
  print(`  demo and API   ${config.publicUrl}/`);
  print(`  live updates   ${config.gatewayPublicUrl}`);
  print(`  health         http://127.0.0.1:${config.ports['api ADMIN_PORT']}/readyz (metrics: /metrics)`);
  print(`  data and logs  ${config.dataDir}`);
  print('  command line   npm run claimcheck -- doctor');
  for (const note of notes) print(`  note: ${note}`);
  print('  Ctrl-C stops it and keeps the data.');
};
