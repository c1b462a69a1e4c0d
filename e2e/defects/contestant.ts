import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { toEnvironment } from '../bench/servers/server-settings.ts';
import { S3FaultProxy } from '../harness/s3-fault-proxy.ts';
import { startSystem } from '../harness/system.ts';

/** A tus server on a real S3 server, with a proxy between them that can fail. */
export interface Contestant {
  /** Where uploads are created. */
  endpoint: string;
  headers: Record<string, string>;
  s3: S3FaultProxy;
  /** The key of an upload's finished object. */
  keyOf(url: string): string;
  stop(): Promise<void>;
}

type Stack = Record<string, string>;

const lastSegment = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

export const startOurs = async (stack: Stack): Promise<Contestant> => {
  const s3 = await S3FaultProxy.start(stack.S3_ENDPOINT ?? '');
  const system = await startSystem({ ...stack, S3_ENDPOINT: s3.url });
  // Its requests to S3 are not the upload's.
  await system.apps.worker.stop();
  return {
    endpoint: `${system.apiUrl}/v1/uploads`,
    headers: { authorization: `Bearer ${system.tokenFor('ann')}` },
    s3,
    keyOf: (url) => `${lastSegment(url)}/source`,
    stop: async () => {
      await system.stop();
      await s3.close();
    },
  };
};

/** @tus/server with @tus/s3-store as their README shows them. */
export const startStock = async (stack: Stack): Promise<Contestant> => {
  const s3 = await S3FaultProxy.start(stack.S3_ENDPOINT ?? '');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}/files`;
  const storage = {
    endpoint: s3.url,
    region: stack.S3_REGION ?? '',
    bucket: stack.S3_BUCKET ?? '',
    accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
  };
  const service = await startProcess({
    name: 'stock tus server',
    command: process.execPath,
    args: [fileURLToPath(new URL('../bench/servers/stock-process.ts', import.meta.url))],
    cwd: fileURLToPath(new URL('./', import.meta.url)),
    env: toEnvironment({ port, storage }),
    ready: async () => (await fetch(endpoint, { method: 'OPTIONS' })).status > 0,
    timeoutMs: 30_000,
  });
  return {
    endpoint,
    headers: {},
    s3,
    keyOf: lastSegment,
    stop: async () => {
      await service.stop();
      await s3.close();
    },
  };
};
