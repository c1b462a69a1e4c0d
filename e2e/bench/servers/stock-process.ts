// @tus/server and @tus/s3-store as their README shows them, with the path-style endpoint that MinIO needs.
import { appendFile } from 'node:fs/promises';
import { S3Store } from '@tus/s3-store';
import { Server } from '@tus/server';
import { readSettings } from './server-settings.ts';

const { port, storage, finish_log } = readSettings(process.env);
const { bucket, endpoint, region, accessKeyId, secretAccessKey } = storage;

const s3Store = new S3Store({
  partSize: 8 * 1_024 * 1_024,
  s3ClientConfig: {
    bucket,
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  },
});
const server = new Server({
  path: '/files',
  datastore: s3Store,
  ...(finish_log === undefined
    ? {}
    : {
        onUploadFinish: async (_request, { id }) => {
          await appendFile(finish_log, `${id}\n`);
          return {};
        },
      }),
});
server.listen({ host: '127.0.0.1', port });
