import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '@claimcheck/local-stack/find-program';
import { versitygwProgram } from '@claimcheck/local-stack/programs';
import type { FindStore } from './store-program.ts';

/** Buckets are `<bucket>.s3.media.test`, which no name server knows: see resolve-test-domain. */
export const DOMAIN = 's3.media.test';

/** versitygw, as everywhere in the tests, with buckets in host names. */
export const versitygwWithDomain: FindStore = async ({ access, port, dataDir }) => {
  const [objects, sidecar] = [join(dataDir, 'buckets'), join(dataDir, 'sidecar')];
  await Promise.all([objects, sidecar].map((folder) => mkdir(folder)));
  return {
    command: await findProgram(versitygwProgram, { env: process.env, onProgress: () => {} }),
    args: [
      ...['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', '--virtual-domain', DOMAIN],
      ...['posix', '--sidecar', sidecar, objects],
    ],
    env: { ROOT_ACCESS_KEY: access.accessKeyId, ROOT_SECRET_KEY: access.secretAccessKey },
  };
};
