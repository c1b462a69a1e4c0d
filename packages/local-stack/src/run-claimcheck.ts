import { join } from 'node:path';
import { appEnvironments } from './app-environments.ts';
import { buildWebDemo } from './build-web-demo.ts';
import { type DataDirectoryLock, lockDataDirectory } from './data-directory-lock.ts';
import { ensureSystemPackage } from './ensure-system-package.ts';
import type { Environment } from './environment.ts';
import { isPortFree } from './free-port.ts';
import { describeExit } from './guarded-run.ts';
import { loadSecrets } from './kept-values.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import type { ManagedService } from './managed-process.ts';
import { type Progress, withProgress } from './progress.ts';
import { runCommand } from './run-command.ts';
import { startApps } from './start-apps.ts';
import type { StartConfig } from './start-config.ts';
import { together } from './together.ts';

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
 * Runs the whole of Claimcheck until `signal` fires: servers, migrations, apps. Apps are stopped before the
 * servers they use; the data stays.
 * @throws Error when something doesn't start or ends by itself; everything is stopped then, too.
 */
export async function runClaimcheck(options: RunOptions): Promise<void> {
  const { config, print } = options;
  const lock = lockDataDirectory(config.dataDir, config.publicUrl);
  try {
    await requireFreePorts(config);
    const stack = await startFoundations(options, lock);
    try {
      await runApps(options, stack);
    } finally {
      print('Stopping the servers…');
      await stack.stop();
    }
  } finally {
    lock.release();
  }
}

async function requireFreePorts(config: StartConfig): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(config.ports)) {
    if (!(await isPortFree(port))) taken.push(`  ${name} ${port} is used by another program`);
  }
  if (taken.length === 0) return;
  throw new Error(`Some ports are taken; end the other program or set another port:\n${taken.join('\n')}`);
}

/** Servers, ffmpeg and the built demo, side by side. */
async function startFoundations(options: RunOptions, lock: DataDirectoryLock): Promise<LocalStack> {
  const { config, env, root, print } = options;
  const [stack] = await together<[LocalStack, string, undefined]>(
    [
      (signal) => startLocalStack({ dataDir: config.dataDir, env, lock, onProgress: print, signal }),
      (signal) =>
        ensureSystemPackage({
          programs: ['ffmpeg'],
          aptPackage: 'ffmpeg',
          purpose: 'video and audio',
          env,
          onProgress: print,
          signal,
        }),
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
  return stack;
}

async function runApps(options: RunOptions, stack: LocalStack): Promise<void> {
  const { config, env, root, print, signal } = options;
  const environments = appEnvironments(env, config, stack.env, await loadSecrets(config.dataDir));
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
  try {
    printBanner(options, stack);
    await untilStopped(
      [...apps, ...Object.values(stack.services).filter((one) => one !== undefined)],
      signal,
    );
  } finally {
    print('Stopping the apps…');
    await Promise.all(apps.map((app) => app.stop()));
  }
}

/** Returns when the signal fires. @throws Error when one of them ends by itself. */
async function untilStopped(services: readonly ManagedService[], signal: AbortSignal): Promise<void> {
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
}

function printBanner({ config, print }: RunOptions, stack: LocalStack): void {
  print('Claimcheck is ready');
  print(`  demo and API   ${config.publicUrl}/`);
  print(`  live updates   ${config.gatewayPublicUrl}`);
  print(`  health         http://127.0.0.1:${config.ports['api ADMIN_PORT']}/readyz (metrics: /metrics)`);
  print(`  data and logs  ${config.dataDir}`);
  for (const note of stack.notes) print(`  note: ${note}`);
  print('  Ctrl-C stops it and keeps the data.');
}
