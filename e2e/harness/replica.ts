import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import type { AppName, System } from './system.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Replica {
  url: string;
  adminUrl: string;
  service: ManagedService;
}

export interface ReplicaOptions {
  /** Default api. */
  app?: AppName;
  env?: Record<string, string>;
  /** A program that starts the app; the app's own command line follows its arguments. */
  launcher?: readonly [command: string, ...args: string[]];
  /** Another checkout than this one. */
  root?: string;
}

/** Starts another process of an app, on the system's database, broker and bucket. The caller stops it. */
export const startReplica = async (system: System, options: ReplicaOptions = {}): Promise<Replica> => {
  const app = options.app ?? 'api';
  const port = await freePort();
  const adminPort = await freePort(new Set([port]));
  const [command, ...args] = [...(options.launcher ?? []), process.execPath, `apps/${app}/src/main.ts`];
  if (command === undefined) throw new Error('there is no command to start');
  const service = await startProcess({
    name: `second ${app}`,
    command,
    args,
    cwd: options.root ?? ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      ...system.envs[app],
      PORT: String(port),
      GATEWAY_PORT: String(port),
      ADMIN_PORT: String(adminPort),
      ...options.env,
    },
    ready: async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok,
    timeoutMs: 60_000,
  });
  return { url: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}`, service };
};
