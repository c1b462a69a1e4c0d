import { join } from 'node:path';
import type { AppName } from './app-environments.ts';
import { type ManagedService, startProcess } from './managed-process.ts';
import type { Progress } from './progress.ts';
import { startAll } from './start-all.ts';
import { warningLine } from './warning-line.ts';

export interface AppsOptions {
  /** The checkout. */
  root: string;
  /** Folder for each app's `<app>.log`. */
  logDir: string;
  environments: Record<AppName, Record<string, string>>;
  onProgress: Progress;
  signal?: AbortSignal;
}

/**
 * Starts api, worker and gateway, and waits until each reports that it is ready.
 * @throws Error that names the app, with its last log lines; then none is left running
 */
export const startApps = (options: AppsOptions): Promise<readonly ManagedService[]> => {
  const names: readonly AppName[] = ['api', 'worker', 'gateway'];
  return startAll<readonly ManagedService[]>(
    names.map((name) => (signal) => startApp(name, options, signal)),
    (app) => app.stop(),
    options.signal,
  );
};

const startApp = (name: AppName, options: AppsOptions, signal: AbortSignal): Promise<ManagedService> => {
  const env = options.environments[name];
  return startProcess({
    name,
    command: process.execPath,
    args: [join('apps', name, 'src', 'main.ts')],
    env,
    cwd: options.root,
    logFile: join(options.logDir, `${name}.log`),
    onLine: (line) => {
      const warning = warningLine(name, line);
      if (warning !== undefined) options.onProgress(warning);
    },
    ready: () => isReady(`http://127.0.0.1:${env.ADMIN_PORT}/readyz`),
    timeoutMs: 60_000,
    graceMs: 20_000,
    signal,
  });
};

const isReady = async (url: string): Promise<boolean> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  return response.status === 200;
};
