import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { definedOnly } from './environment.ts';
import { findProgram } from './find-program.ts';
import { type ManagedService, type ProcessSpec, startProcess } from './managed-process.ts';
import { minioProgram, versitygwProgram } from './programs.ts';
import { ensureBucket, notifyOfSources, type S3Access } from './s3-bucket.ts';
import type { ServiceContext } from './service-context.ts';

export type S3Implementation = 'versitygw' | 'minio';

const MINIO_TARGET = 'arn:minio:sqs::CLAIMCHECK:nats';

export interface S3Server {
  service: ManagedService;
  access: S3Access;
}

/** Where the server sends notifications of new objects. */
export interface BucketEvents {
  natsUrl: Promise<string>;
  subject: string;
}

/** Starts an S3 server on loopback, with the bucket `claimcheck`, that notifies the broker of new objects. */
export const startS3Server = async (
  implementation: S3Implementation,
  context: ServiceContext,
  events: BucketEvents,
): Promise<S3Server> => {
  const { ports, secrets } = context;
  const access: S3Access = {
    endpoint: `http://127.0.0.1:${ports.s3}`,
    region: 'us-east-1',
    bucket: 'claimcheck',
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
  };
  const service = await (implementation === 'minio' ? startMinio : startVersitygw)(context, access, events);
  return { service, access };
};

type Start = (context: ServiceContext, access: S3Access, events: BucketEvents) => Promise<ManagedService>;

const startMinio: Start = async (context, access, events) => {
  const { ports } = context;
  const directory = join(context.dataDir, 's3-minio');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const loopback = (port: number) => `127.0.0.1:${port}`;
  const command = await findProgram(minioProgram, context);
  const natsUrl = await events.natsUrl;
  return startProcess({
    ...common(context, directory, access),
    ready: async () => (await ensureBucket(access)) && notifyOfSources(access, MINIO_TARGET),
    command,
    args: [
      'server',
      directory,
      '--address',
      loopback(ports.s3),
      '--console-address',
      loopback(ports.s3Console),
    ],
    env: definedOnly({
      PATH: context.env.PATH,
      HOME: directory,
      MINIO_ROOT_USER: access.accessKeyId,
      MINIO_ROOT_PASSWORD: access.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      // It listens on loopback only, and the bench counts its requests.
      MINIO_PROMETHEUS_AUTH_TYPE: 'public',
      // The default drops unfinished multipart uploads after a day; a phone may resume one later than that.
      MINIO_API_STALE_UPLOADS_EXPIRY: '168h',
      MINIO_NOTIFY_NATS_ENABLE_CLAIMCHECK: 'on',
      // MinIO takes one server, without a scheme.
      MINIO_NOTIFY_NATS_ADDRESS_CLAIMCHECK: new URL(natsUrl.split(',')[0] ?? '').host,
      MINIO_NOTIFY_NATS_SUBJECT_CLAIMCHECK: events.subject,
      // Notifications wait here while the broker is down.
      MINIO_NOTIFY_NATS_QUEUE_DIR_CLAIMCHECK: join(context.dataDir, 's3-minio-events'),
    }),
  });
};

const startVersitygw: Start = async (context, access, events) => {
  const directory = join(context.dataDir, 's3');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const command = await findProgram(versitygwProgram, context);
  const sidecar = join(context.dataDir, 'object-metadata');
  const filter = join(context.dataDir, 's3-events.json');
  await writeFile(filter, JSON.stringify({ 's3:ObjectCreated:*': true }));
  const natsUrl = await events.natsUrl;
  const start = (storage: readonly string[]) =>
    startProcess({
      ...common(context, directory, access),
      command,
      args: [
        '--port',
        `127.0.0.1:${context.ports.s3}`,
        '--quiet',
        '--keep-alive',
        '--event-nats-url',
        natsUrl,
        '--event-nats-topic',
        events.subject,
        '--event-filter',
        filter,
        'posix',
        ...storage,
        directory,
      ],
      env: definedOnly({
        PATH: context.env.PATH,
        ROOT_ACCESS_KEY: access.accessKeyId,
        ROOT_SECRET_KEY: access.secretAccessKey,
      }),
    });
  // Metadata stays where the first start put it: if that was a sidecar folder, it remains one. (versitygw refuses a
  // sidecar folder whose path starts like the path of the objects.)
  if (await exists(sidecar)) return start(['--sidecar', sidecar]);
  try {
    return await start([]);
  } catch (error) {
    if (!(error instanceof Error && /xattr|extended attribute/i.test(error.message))) throw error;
    await mkdir(sidecar, { mode: 0o700 });
    return start(['--sidecar', sidecar]);
  }
};

const common = (
  context: ServiceContext,
  directory: string,
  access: S3Access,
): Omit<ProcessSpec, 'command' | 'args' | 'env'> => {
  return {
    name: 's3',
    cwd: directory,
    logFile: join(context.logDir, 's3.log'),
    lockFile: join(context.dataDir, 's3.lock'),
    ready: () => ensureBucket(access),
    timeoutMs: 60_000,
    signal: context.signal,
  };
};

const exists = async (path: string): Promise<boolean> => {
  return stat(path).then(
    () => true,
    () => false,
  );
};
