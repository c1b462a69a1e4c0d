import { toTokenSettings } from '@claimcheck/platform/auth/token-variables';
import { toBrokerFiles, toSubjectOverrides } from '@claimcheck/platform/nats/broker-variables';
import { readConfig } from '@claimcheck/platform/process/config';
import type { Environment } from '@claimcheck/platform/process/environment';
import { toStorageOptions } from '@claimcheck/platform/s3/storage-variables';
import { toCdnSettings } from '@claimcheck/platform/signing/signing-variables';
import { toTraceSettings } from '@claimcheck/platform/tracing/trace-variables';
import type { z } from 'zod';
import { apiSchema } from './config-schema.ts';

export type Config = ReturnType<typeof readApiConfig>;

/** Reads the api's complete configuration. @throws ConfigError with every problem at once */
export const readApiConfig = (env: Environment) => {
  const read = readConfig(apiSchema, env);
  return {
    ...toServers(read),
    ...toUploadLimits(read),
    ...toDownloads(read),
    ...toLifetimes(read),
    appName: read.APP_NAME,
    logLevel: read.LOG_LEVEL,
    /** One line for each request at level info. */
    accessLog: read.ACCESS_LOG,
    port: read.PORT,
    adminPort: read.ADMIN_PORT,
    publicUrl: read.PUBLIC_URL ?? `http://127.0.0.1:${read.PORT}`,
    gatewayPublicUrl: read.GATEWAY_PUBLIC_URL ?? 'http://127.0.0.1:8081',
    databaseUrl: read.DATABASE_URL,
    /** Largest number of connections of one process. */
    databasePoolSize: read.DATABASE_POOL_SIZE,
    facts: read.FACTS,
    webhook:
      read.WEBHOOK_URL === undefined || read.WEBHOOK_SECRET === undefined
        ? undefined
        : { url: read.WEBHOOK_URL, secret: read.WEBHOOK_SECRET },
    traces: toTraceSettings(read),
    failpoints: read.FAILPOINT,
    subjectOverrides: toSubjectOverrides(read),
    storage: toStorageOptions(read),
    token: toTokenSettings(read),
    /** Requests of one user that one process answers in a minute. */
    rateLimits: { requests: read.RATE_LIMIT_PER_MINUTE, clientReports: read.CLIENT_REPORTS_PER_MINUTE },
    /** Sign upload tickets: the first signs, all verify. */
    tokenSecrets: read.TOKEN_SECRETS,
    roles: new Set(read.ROLES),
    conversationAdmin: read.CONVERSATION_ADMIN,
    scanPolicy: read.SCAN_POLICY,
    scanUnscannable: read.SCAN_UNSCANNABLE,
    virusPolicy: read.VIRUS_POLICY,
    sourceAccess: read.SOURCE_ACCESS,
    downloadMode: read.DOWNLOAD_MODE,
    /** A CDN, or an operator's edge, in front of the bucket. */
    cdn: toCdnSettings(read),
    maxAttempts: read.MAX_ATTEMPTS,
    resultsConcurrency: read.RESULTS_CONCURRENCY,
    corsOrigins: read.CORS_ORIGINS,
    devLogin: read.DEV_LOGIN,
    /** Static files served at `/`: the demo, if there is one. */
    webDir: read.WEB_DIR,
  };
};

type Variables = z.output<typeof apiSchema>;

/** The servers that the api uses. */
const toServers = (read: Variables) => ({
  natsUrl: read.NATS_URL,
  brokerFiles: toBrokerFiles(read),
  /** Only the doctor queries it. */
  natsMonitorUrl: read.NATS_MONITOR_URL,
  streamReplicas: read.NATS_STREAM_REPLICAS,
  streamBytes: { work: read.NATS_WORK_MAX_BYTES, facts: read.NATS_FACTS_MAX_BYTES },
});

/** Limits of an upload: bytes, time, memory, connections. */
const toUploadLimits = (read: Variables) => ({
  maxUploadBytes: read.MAX_UPLOAD_BYTES,
  maxRequestBytes: read.MAX_REQUEST_BYTES,
  userQuotaBytes: read.USER_QUOTA_BYTES,
  maxOpenUploads: read.MAX_OPEN_UPLOADS,
  maxUploadsPerDay: read.MAX_UPLOADS_PER_DAY,
  uploadTtlMs: read.UPLOAD_TTL,
  maxConnections: read.MAX_CONNECTIONS,
  maxConnectionsPerAddress: read.MAX_CONNECTIONS_PER_ADDRESS,
  uploadIdleMs: read.UPLOAD_IDLE_TIMEOUT,
  downloadIdleMs: read.DOWNLOAD_IDLE_TIMEOUT,
  proxiedDownloads: { perUser: read.MAX_DOWNLOADS_PER_USER, total: read.MAX_DOWNLOADS },
  uploadMemoryBytes: read.UPLOAD_MEMORY_BYTES,
});

/** How long tokens and URLs of viewers are valid. */
const toDownloads = (read: Variables) => ({
  mediaSessionTtlMs: read.MEDIA_SESSION_TTL,
  signedUrl: { minMs: read.SIGNED_URL_MIN, maxMs: read.SIGNED_URL_MAX, stepMs: read.SIGNED_URL_STEP },
});

/** When the sweeper acts, and how long rows are kept. */
const toLifetimes = (read: Variables) => ({
  orphanTtlMs: read.ORPHAN_TTL,
  orphanGraceMs: read.ORPHAN_GRACE,
  readyDeadlineMs: read.READY_DEADLINE,
  readyDeadlineMaxMs: read.READY_DEADLINE_MAX,
  eventRetentionMs: read.EVENT_RETENTION,
  tombstoneRetentionMs: read.TOMBSTONE_RETENTION,
  sweepIntervalMs: read.SWEEP_INTERVAL,
  sweepAgainMs: read.SWEEP_AGAIN_AFTER ?? read.UPLOAD_TTL + read.READY_DEADLINE_MAX,
});
