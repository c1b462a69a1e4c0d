import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { type BenchServer, type Ground, lastSegment, type ServerName } from './bench-server.ts';
import { toEnvironment } from './server-settings.ts';

const HERE = fileURLToPath(new URL('./', import.meta.url));

interface Program {
  name: ServerName;
  command: string;
  args: readonly string[];
  env: Record<string, string>;
  port: number;
}

const start = async (program: Program): Promise<BenchServer> => {
  const { name, port } = program;
  const endpoint = `http://127.0.0.1:${port}/files/`;
  const service = await startProcess({
    ...program,
    cwd: HERE,
    // Any answer will do: this only checks that it listens.
    ready: async () => (await fetch(endpoint, { method: 'OPTIONS' })).status > 0,
    timeoutMs: 30_000,
  });
  return {
    name,
    pid: service.pid,
    endpoint,
    bucket: bucketOf(name),
    // tusd's upload ids are `key+multipart upload id`.
    prefixOf: (url) => lastSegment(url).split('+')[0] ?? '',
    tokens: [],
    logTail: () => service.logTail(),
    stop: () => service.stop(),
  };
};

const bucketOf = (name: ServerName): string => `bench-${name}`;

const prepare = async ({ target }: Ground, name: ServerName) => {
  await target.createBucket(bucketOf(name));
  return { port: await freePort(), storage: { ...target.account, bucket: bucketOf(name) } };
};

const startNode = async (ground: Ground, name: ServerName, entry: URL): Promise<BenchServer> => {
  const settings = await prepare(ground, name);
  return start({
    name,
    command: process.execPath,
    args: [fileURLToPath(entry)],
    env: toEnvironment(settings),
    port: settings.port,
  });
};

/** Starts `@tus/server` with `@tus/s3-store`, as their README shows. */
export const startStock = (ground: Ground): Promise<BenchServer> =>
  startNode(ground, 'stock', new URL('./stock-process.ts', import.meta.url));

/** Starts a server that streams a body into S3, without state. */
export const startBare = (ground: Ground): Promise<BenchServer> =>
  startNode(ground, 'bare', new URL('./bare-process.ts', import.meta.url));

/** Starts tusd with its S3 backend and parts of 8 MiB. @throws when no program is named */
export const startTusd = async (ground: Ground): Promise<BenchServer> => {
  if (ground.tusdProgram === undefined) throw new Error('TUSD_BIN names no tusd program');
  const { port, storage } = await prepare(ground, 'tusd');
  const flags: Record<string, string> = {
    host: '127.0.0.1',
    port: String(port),
    'base-path': '/files/',
    's3-bucket': storage.bucket,
    's3-endpoint': storage.endpoint,
    's3-part-size': String(8 * 1_024 * 1_024),
    verbose: 'false',
    'show-greeting': 'false',
  };
  return start({
    name: 'tusd',
    command: ground.tusdProgram,
    args: Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`),
    env: {
      AWS_REGION: storage.region,
      AWS_ACCESS_KEY_ID: storage.accessKeyId,
      AWS_SECRET_ACCESS_KEY: storage.secretAccessKey,
    },
    port,
  });
};
