import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HLS_PLAYLIST } from '@claimcheck/contracts/hls';
import { Storage } from '@claimcheck/platform/s3/storage';
import { expect, it, onTestFinished } from 'vitest';
import { putHls } from './put-hls.ts';

const FILES = [HLS_PLAYLIST, ...Array.from({ length: 8 }, (_, number) => `r0_0000${number}.m4s`)];
const AT_ONCE = 4;

/** A store that refuses one object as soon as all parallel requests have arrived, and answers no other. */
const startStore = async () => {
  const transfers = { begun: 0, open: 0 };
  const server = createServer((request, response) => {
    request.resume();
    transfers.begun += 1;
    transfers.open += 1;
    response.once('close', () => {
      transfers.open -= 1;
    });
    if (transfers.begun === AT_ONCE) response.writeHead(403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the store has no port');
  const storage = new Storage({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'us-east-1',
    bucket: 'media',
    keys: () => ({ accessKeyId: 'key', secretAccessKey: 'secret' }),
    forcePathStyle: true,
  });
  onTestFinished(() => {
    storage.close();
    server.closeAllConnections();
    server.close();
  });
  return { storage, transfers };
};

it('ends all transfers when one fails, before the folder is removed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-hls-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await Promise.all(FILES.map((file) => writeFile(join(folder, file), Buffer.alloc(1_000_000))));
  const openFiles = async () => {
    const targets = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return targets.filter((target) => target.startsWith(folder));
  };
  const { storage, transfers } = await startStore();
  const mediaId = '0197a1f0-0000-7000-8000-000000000000';
  const request = { s3Key: `${mediaId}/source`, s3Bucket: 'media', mediaId, mediaUrl: 'http://a/', epoch: 1 };
  const job = { request, signal: new AbortController().signal };

  await expect(putHls(job, storage, { folder, width: 640, height: 360 })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  });
  await expect.poll(openFiles).toEqual([]);
  await expect.poll(() => transfers).toEqual({ begun: AT_ONCE, open: 0 });
});
