import type { ClamavServer } from './clamav-server.ts';
import { configured, type Environment } from './environment.ts';
import type { NatsServer } from './nats-server.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { S3Server } from './s3-server.ts';

/** The started servers; undefined if none was started. For ClamAV, a sentence says why. */
export interface StartedServers {
  postgres: PostgresServer | undefined;
  nats: NatsServer | undefined;
  s3: S3Server | undefined;
  clamav: ClamavServer | string | undefined;
}

/** Variables of the stack's services; passed on when the user has set them. */
const SERVICE_VARIABLES = [
  'DATABASE_URL',
  'GATEWAY_DATABASE_URL',
  'NATS_URL',
  'NATS_MONITOR_URL',
  'S3_ENDPOINT',
  'S3_PUBLIC_ENDPOINT',
  'S3_REGION',
  'S3_BUCKET',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'S3_FORCE_PATH_STYLE',
  'CLAMAV_HOST',
  'CLAMAV_PORT',
];

/** Returns the configuration for the servers, started or configured, and notes about them for the user. */
export const stackEnvironment = (
  env: Environment,
  started: StartedServers,
): { env: Record<string, string>; notes: string[] } => {
  const result: Record<string, string> = {};
  const notes: string[] = [];
  for (const name of SERVICE_VARIABLES) {
    const value = configured(env, name);
    if (value !== undefined) result[name] = value;
  }
  if (started.postgres) {
    result.DATABASE_URL = started.postgres.url;
    result.GATEWAY_DATABASE_URL = started.postgres.readerUrl;
  } else if (result.GATEWAY_DATABASE_URL === undefined && result.DATABASE_URL !== undefined) {
    result.GATEWAY_DATABASE_URL = result.DATABASE_URL;
    notes.push('The gateway uses DATABASE_URL, too; GATEWAY_DATABASE_URL can name a role that only reads.');
  }
  if (started.nats) {
    result.NATS_URL = started.nats.url;
    result.NATS_MONITOR_URL = started.nats.monitorUrl;
  }
  if (started.s3) {
    const { access } = started.s3;
    result.S3_ENDPOINT = access.endpoint;
    result.S3_REGION = access.region;
    result.S3_BUCKET = access.bucket;
    result.S3_ACCESS_KEY_ID = access.accessKeyId;
    result.S3_SECRET_ACCESS_KEY = access.secretAccessKey;
    result.S3_FORCE_PATH_STYLE = 'true';
  }
  if (typeof started.clamav === 'object') {
    result.CLAMAV_HOST = started.clamav.host;
    result.CLAMAV_PORT = String(started.clamav.port);
  } else if (result.CLAMAV_HOST === undefined) {
    const reason = started.clamav ?? 'the scanner is switched off';
    notes.push(`Virus scans are skipped: ${reason}. CLAMAV_HOST names a scanner that runs elsewhere.`);
  }
  return { env: result, notes };
};
