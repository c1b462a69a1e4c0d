import { type OwnServers, startOwnServers } from './own-servers.ts';

/** Returns the test run's servers with MinIO instead of their S3. The caller stops it. */
export const startMinioStack = (stack: Record<string, string>): Promise<OwnServers> =>
  startOwnServers(stack, ['s3'], { s3: 'minio' });
