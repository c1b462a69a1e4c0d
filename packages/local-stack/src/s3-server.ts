import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { definedOnly } from './environment.ts';
import { findProgram } from './find-program.ts';
import { type ManagedService, type ProcessSpec, startProcess } from './managed-process.ts';
import { minioProgram, versitygwProgram } from './programs.ts';
import { ensureBucket, type S3Access } from './s3-bucket.ts';
import type { ServiceContext } from './service-context.ts';

export type S3Implementation = 'versitygw' | 'minio';

export interface S3Server {
  service: ManagedService;
  access: S3Access;
}

/** An S3 server on loopback, with the bucket `claimcheck`. */
export async function startS3Server(
  implementation: S3Implementation,
  context: ServiceContext,
): Promise<S3Server> {
  const { ports, secrets } = context;
  const access: S3Access = {
    endpoint: `http://127.0.0.1:${ports.s3}`,
    region: 'us-east-1',
    bucket: 'claimcheck',
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
  };
  const service = await (implementation === 'minio' ? startMinio : startVersitygw)(context, access);
  return { service, access };
}

async function startMinio(context: ServiceContext, access: S3Access): Promise<ManagedService> {
  const { ports } = context;
  const directory = join(context.dataDir, 's3-minio');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const loopback = (port: number) => `127.0.0.1:${port}`;
  return startProcess({
    ...common(context, directory, access),
    command: await findProgram(minioProgram, context),
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
      // By default it forgets unfinished multipart uploads after a day, sooner than a phone may resume one.
      MINIO_API_STALE_UPLOADS_EXPIRY: '168h',
    }),
  });
}

async function startVersitygw(context: ServiceContext, access: S3Access): Promise<ManagedService> {
  const directory = join(context.dataDir, 's3');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const command = await findProgram(versitygwProgram, context);
  const sidecar = join(context.dataDir, 'object-metadata');
  const start = (storage: readonly string[]) =>
    startProcess({
      ...common(context, directory, access),
      command,
      args: [
        '--port',
        `127.0.0.1:${context.ports.s3}`,
        '--quiet',
        '--keep-alive',
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
  // Objects keep the metadata they began with: once beside the files, always beside the files. (versitygw
  // refuses a folder whose path begins like the one of the objects.)
  if (await exists(sidecar)) return start(['--sidecar', sidecar]);
  try {
    return await start([]);
  } catch (error) {
    if (!(error instanceof Error && /xattr|extended attribute/i.test(error.message))) throw error;
    await mkdir(sidecar, { mode: 0o700 });
    return start(['--sidecar', sidecar]);
  }
}

function common(
  context: ServiceContext,
  directory: string,
  access: S3Access,
): Omit<ProcessSpec, 'command' | 'args' | 'env'> {
  return {
    name: 's3',
    cwd: directory,
    logFile: join(context.logDir, 's3.log'),
    lockFile: join(context.dataDir, 's3.lock'),
    ready: () => ensureBucket(access),
    timeoutMs: 60_000,
    signal: context.signal,
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
