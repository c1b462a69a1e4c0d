import { type OwnServers, startOwnServers } from './own-servers.ts';

/** The servers of the test run with MinIO in the place of their S3. The caller stops it. */
export const startMinioStack = (stack: Record<string, string>): Promise<OwnServers> =>
  startOwnServers(stack, ['s3'], { s3: 'minio' });
