import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { subjectsOf } from '@claimcheck/contracts/subjects';
import { type ClamavServer, startSystemClamav, startTestClamav } from './clamav-server.ts';
import { type DataDirectoryLock, lockDataDirectory } from './data-directory-lock.ts';
import { configured, type Environment } from './environment.ts';
import type { ManagedService } from './managed-process.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { choosePorts, loadSecrets } from './persisted-settings.ts';
import { startPostgresServer } from './postgres-server.ts';
import type { Progress } from './progress.ts';
import { type S3Implementation, startS3Server } from './s3-server.ts';
import type { ServiceContext } from './service-context.ts';
import { type StartedServers, stackEnvironment } from './stack-environment.ts';
import { startAll } from './start-all.ts';

const DEFAULT_APP_NAME = 'claimcheck';

export interface LocalStackOptions {
  /** Folder of data, secrets, ports and logs. */
  dataDir: string;
  /**
   * Services configured here are used, and not started. PATH, HOME and CLAIMCHECK_CACHE_DIR find programs; APP_NAME names the
   * subject of the bucket's notifications.
   */
  env: Environment;
  /** Default versitygw. */
  s3?: S3Implementation;
  /** Default `system`: the machine's signatures if there are any, else no scanner and a note. */
  clamav?: 'system' | 'test-signatures' | 'none';
  /** Start with empty data. */
  fresh?: boolean;
  /** Settings of Postgres in addition to the stack's own. */
  postgresSettings?: Record<string, string>;
  onProgress?: Progress;
  /** The data directory's lock, if the caller already holds it; the caller releases it. */
  lock?: DataDirectoryLock;
  /** Cancels a start in progress; all servers started so far are stopped. */
  signal?: AbortSignal;
}

export type ServiceName = 'postgres' | 'nats' | 's3' | 'clamav';

export interface LocalStack {
  /** Configuration for the apps, under their variables' names; configured values are passed on. */
  env: Record<string, string>;
  /** Sentences for the start-up banner. */
  notes: string[];
  /** Undefined if the service was configured, or is not run. */
  services: Record<ServiceName, ManagedService | undefined>;
  /** Stops every server; the data stays. Repeatable. */
  stop(): Promise<void>;
}

/**
 * Starts the servers that `env` does not configure, in parallel, and checks that each answers.
 * @throws DataDirectoryInUseError when another process runs on the data directory; Error that names the server, with the end
 * of its log, when one does not start. Then nothing is left running.
 */
export const startLocalStack = async (options: LocalStackOptions): Promise<LocalStack> => {
  const ownLock = options.lock === undefined ? lockDataDirectory(options.dataDir) : undefined;
  try {
    const context = await prepare(options, (options.lock ?? ownLock)?.dataDir ?? options.dataDir);
    const started = await startServers(options, context);
    const services = {
      postgres: started.postgres?.service,
      nats: started.nats?.service,
      s3: started.s3?.service,
      clamav: typeof started.clamav === 'object' ? started.clamav.service : undefined,
    };
    const stop = async () => {
      await Promise.all(Object.values(services).map((service) => service?.stop()));
      ownLock?.release();
    };
    return { ...stackEnvironment(options.env, started), services, stop };
  } catch (error) {
    ownLock?.release();
    throw error;
  }
};

const prepare = async (options: LocalStackOptions, dataDir: string): Promise<ServiceContext> => {
  if (options.fresh) {
    for (const name of ['postgres', 'nats', 's3', 's3-minio', 'object-metadata', 'clamav', 'logs']) {
      await rm(join(dataDir, name), { recursive: true, force: true });
    }
  }
  const logDir = join(dataDir, 'logs');
  await mkdir(logDir, { recursive: true });
  return {
    dataDir,
    logDir,
    env: options.env,
    ports: await choosePorts(dataDir),
    secrets: await loadSecrets(dataDir),
    onProgress: options.onProgress ?? (() => undefined),
    signal: options.signal,
    postgresSettings: options.postgresSettings ?? {},
  };
};

const startServers = async (options: LocalStackOptions, context: ServiceContext): Promise<StartedServers> => {
  const unlessConfigured = <T>(variable: string, start: (context: ServiceContext) => Promise<T>) => {
    const isConfigured = configured(options.env, variable) !== undefined;
    return async (signal: AbortSignal) => (isConfigured ? undefined : start({ ...context, signal }));
  };
  const broker = announceBroker(options.env);
  const [postgres, nats, s3, clamav] = await startAll(
    [
      unlessConfigured('DATABASE_URL', startPostgresServer),
      unlessConfigured('NATS_URL', (shared) => broker.follow(startNatsServer(shared))),
      unlessConfigured('S3_ENDPOINT', (shared) =>
        startS3Server(options.s3 ?? 'versitygw', shared, {
          natsUrl: broker.url,
          subject: subjectsOf(configured(options.env, 'APP_NAME') ?? DEFAULT_APP_NAME).storageEvents,
        }),
      ),
      unlessConfigured('CLAMAV_HOST', (shared) => startClamav(options, shared)),
    ],
    async (server) => {
      if (typeof server === 'object') await server.service.stop();
    },
    context.signal,
  );
  return { postgres, nats, s3, clamav };
};

interface BrokerAnnouncement {
  url: Promise<string>;
  follow(start: Promise<NatsServer>): Promise<NatsServer>;
}

/** Passes on the broker's address as soon as the broker answers: the S3 servers need it when they start. */
const announceBroker = (env: Environment): BrokerAnnouncement => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Unhandled if S3 is configured: then no server waits for the address.
  promise.catch(() => undefined);
  const url = configured(env, 'NATS_URL');
  if (url !== undefined) resolve(url);
  return {
    url: promise,
    follow: (start) => {
      start.then((server) => resolve(server.url), reject);
      return start;
    },
  };
};

const startClamav = async (
  options: LocalStackOptions,
  context: ServiceContext,
): Promise<ClamavServer | string | undefined> => {
  if (options.clamav === 'none') return undefined;
  return options.clamav === 'test-signatures' ? startTestClamav(context) : startSystemClamav(context);
};
