import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { toEnvironment } from '../bench/servers/server-settings.ts';
import { startReplica } from '../harness/replica.ts';
import { S3FaultProxy } from '../harness/s3-fault-proxy.ts';
import { startSystem } from '../harness/system.ts';

/** A tus server on a real S3 server, with a proxy between them that can fail. */
export interface Contestant {
  /** URL for creating uploads. */
  endpoint: string;
  headers: Record<string, string>;
  s3: S3FaultProxy;
  service: ManagedService;
  /** The key of an upload's finished object. */
  keyOf(url: string): string;
  /** Whether the server notified its operator that this upload is finished. */
  isReported(url: string): Promise<boolean>;
  /** Starts another process on the same storage. @returns its URL for uploads */
  addReplica(): Promise<string>;
  stop(): Promise<void>;
}

type Stack = Record<string, string>;

const lastSegment = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** @param env of the processes, in addition to their own */
export const startOurs = async (stack: Stack, env: Record<string, string> = {}): Promise<Contestant> => {
  const s3 = await S3FaultProxy.start(stack.S3_ENDPOINT ?? '');
  const system = await startSystem({ ...stack, S3_ENDPOINT: s3.url }, env);
  // Its requests to S3 do not belong to the upload.
  await system.apps.worker.stop();
  const headers = { authorization: `Bearer ${system.tokenFor('ann')}` };
  const replicas: ManagedService[] = [];
  return {
    endpoint: `${system.apiUrl}/v1/uploads`,
    headers,
    s3,
    service: system.apps.api,
    keyOf: (url) => `${lastSegment(url)}/source`,
    isReported: async (url) => {
      const answer = await fetch(`${system.apiUrl}/v1/media/${lastSegment(url)}`, { headers });
      return ((await answer.json()) as { upload_state?: string }).upload_state === 'uploaded';
    },
    addReplica: async () => {
      const { url, service } = await startReplica(system);
      replicas.push(service);
      return `${url}/v1/uploads`;
    },
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await system.stop();
      await s3.close();
    },
  };
};

/** Starts @tus/server with @tus/s3-store as their README shows. */
export const startStock = async (stack: Stack, env: Record<string, string> = {}): Promise<Contestant> => {
  const s3 = await S3FaultProxy.start(stack.S3_ENDPOINT ?? '');
  const storage = {
    endpoint: s3.url,
    region: stack.S3_REGION ?? '',
    bucket: stack.S3_BUCKET ?? '',
    accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
  };
  const finishLog = fileURLToPath(new URL(`../artefacts/finished-${process.pid}.txt`, import.meta.url));
  const start = async (): Promise<{ endpoint: string; service: ManagedService }> => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}/files`;
    const service = await startProcess({
      name: 'stock tus server',
      command: process.execPath,
      args: [fileURLToPath(new URL('../bench/servers/stock-process.ts', import.meta.url))],
      cwd: fileURLToPath(new URL('./', import.meta.url)),
      env: { ...env, ...toEnvironment({ port, storage, finish_log: finishLog }) },
      ready: async () => (await fetch(endpoint, { method: 'OPTIONS' })).status > 0,
      timeoutMs: 30_000,
    });
    return { endpoint, service };
  };
  const { endpoint, service } = await start();
  const replicas: ManagedService[] = [];
  return {
    endpoint,
    headers: {},
    s3,
    service,
    keyOf: lastSegment,
    isReported: async (url) =>
      (await readFile(finishLog, 'utf8').catch(() => '')).split('\n').includes(lastSegment(url)),
    addReplica: async () => {
      const replica = await start();
      replicas.push(replica.service);
      return replica.endpoint;
    },
    stop: async () => {
      await Promise.all([service, ...replicas].map((one) => one.stop()));
      await s3.close();
    },
  };
};
