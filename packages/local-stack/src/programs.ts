import type { ProgramSpec } from './find-program.ts';

/** `sync_interval: always` for JetStream needs 2.10; Claimcheck is tested from 2.14 on. */
export const natsServerProgram: ProgramSpec = {
  name: 'nats-server',
  module: 'github.com/nats-io/nats-server/v2',
  version: 'v2.15.2',
  minimumVersion: [2, 14],
  howToGet:
    'Install Go (https://go.dev/dl) or nats-server 2.14 or later (https://github.com/nats-io/nats-server/releases), ' +
    'or set NATS_URL to a server with JetStream, for instance `docker run -p 4222:4222 nats:2.14 -js`.',
};

export const versitygwProgram: ProgramSpec = {
  name: 'versitygw',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
  howToGet:
    'Install Go (https://go.dev/dl) or versitygw (https://github.com/versity/versitygw/releases), ' +
    'or set S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to an S3-compatible store.',
};

/** For tests only. The last release of the community edition as a Go pseudo-version. */
export const minioProgram: ProgramSpec = {
  name: 'minio',
  module: 'github.com/minio/minio',
  version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
  howToGet: 'Install Go (https://go.dev/dl) or a minio server (https://github.com/minio/minio).',
};
