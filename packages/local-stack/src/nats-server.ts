import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { definedOnly } from './environment.ts';
import { findProgram } from './find-program.ts';
import { type ManagedService, startProcess } from './managed-process.ts';
import { natsServerProgram } from './programs.ts';
import type { ServiceContext } from './service-context.ts';

export interface NatsServer {
  service: ManagedService;
  url: string;
  /** Its monitoring port, for facts that the broker's protocol does not provide. */
  monitorUrl: string;
}

/** Starts nats-server with JetStream on loopback; every publish is on disk before it is confirmed. */
export const startNatsServer = async (context: ServiceContext): Promise<NatsServer> => {
  const { dataDir, ports } = context;
  const command = await findProgram(natsServerProgram, context);
  const directory = join(dataDir, 'nats');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const configFile = join(directory, 'nats-server.conf');
  await writeFile(configFile, natsConfig(directory, ports.nats, ports.natsMonitor));
  const service = await startProcess({
    name: 'nats',
    command,
    args: ['-c', configFile],
    env: definedOnly({ PATH: context.env.PATH, HOME: context.env.HOME }),
    cwd: directory,
    logFile: join(context.logDir, 'nats.log'),
    lockFile: join(directory, 'lock'),
    ready: () => jetStreamIsReady(ports.natsMonitor),
    timeoutMs: 30_000,
    signal: context.signal,
  });
  return {
    service,
    url: `nats://127.0.0.1:${ports.nats}`,
    monitorUrl: `http://127.0.0.1:${ports.natsMonitor}`,
  };
};

const natsConfig = (directory: string, port: number, monitorPort: number): string => {
  return [
    'server_name: claimcheck',
    `listen: "127.0.0.1:${port}"`,
    `http: "127.0.0.1:${monitorPort}"`,
    'jetstream {',
    `  store_dir: ${JSON.stringify(join(directory, 'jetstream'))}`,
    '  sync_interval: always',
    '}',
    '',
  ].join('\n');
};

const jetStreamIsReady = async (monitorPort: number): Promise<boolean> => {
  const response = await fetch(`http://127.0.0.1:${monitorPort}/healthz?js-enabled-only=true`, {
    signal: AbortSignal.timeout(2_000),
  });
  await response.body?.cancel();
  return response.ok;
};
