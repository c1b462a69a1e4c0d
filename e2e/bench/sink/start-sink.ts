import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import type { StorageTarget } from '../measure/storage-target.ts';

const ENTRY = fileURLToPath(new URL('./sink-process.ts', import.meta.url));

/** Starts an S3 server that keeps no bytes, so stored objects cannot be compared with the sent ones. */
export const startSink = async (): Promise<StorageTarget> => {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const countRequests = async (): Promise<number> =>
    Number(await (await fetch(`${endpoint}/-/requests`)).text());
  const service = await startProcess({
    name: 'sink',
    command: process.execPath,
    args: [ENTRY, String(port)],
    cwd: fileURLToPath(new URL('./', import.meta.url)),
    env: {},
    ready: async () => Number.isInteger(await countRequests()),
    timeoutMs: 30_000,
  });
  return {
    account: { endpoint, region: 'us-east-1', accessKeyId: 'sink', secretAccessKey: 'discarded' },
    createBucket: async () => undefined,
    countRequests,
    sha256Of: async () => undefined,
    empty: async () => undefined,
    close: () => service.stop(),
  };
};
