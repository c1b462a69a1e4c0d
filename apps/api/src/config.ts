import { MIB } from '@claimcheck/contracts/limits';
import {
  exactlyOneTokenSource,
  tokenVariables,
  toTokenSettings,
} from '@claimcheck/platform/auth/token-variables';
import { failpointVariables } from '@claimcheck/platform/failpoint/failpoint-plan';
import {
  brokerVariables,
  subjectVariables,
  toSubjectOverrides,
} from '@claimcheck/platform/nats/broker-variables';
import {
  commonVariables,
  duration,
  type Environment,
  flag,
  httpUrl,
  keyedSecrets,
  list,
  listOf,
  port,
  readConfig,
  wholeNumber,
} from '@claimcheck/platform/process/config';
import { storageVariables, toStorageOptions } from '@claimcheck/platform/s3/storage-variables';
import { toTraceSettings, traceVariables } from '@claimcheck/platform/tracing/trace-variables';
import { z } from 'zod';

const GIB = 1_024 * MIB;

const atLeastASecond = duration.refine((ms) => ms >= 1_000, 'must be at least 1s');
const WEEK_MS = 7 * 86_400_000;

const sweepInterval = duration.refine((ms) => ms >= 100, 'must be at least 100ms');

/** An amount of money, such as `0.023`. */
const price = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a number such as 0.023')
  .transform(Number);

const schema = z
  .object({
    ...commonVariables,
    ...brokerVariables,
    ...subjectVariables,
    ...failpointVariables,
    ...storageVariables,
    ...tokenVariables,
    ...traceVariables,
    PORT: port.default(8080),
    ADMIN_PORT: port.default(9080),
    PUBLIC_URL: httpUrl.optional(),
    GATEWAY_PUBLIC_URL: httpUrl.optional(),
    DATABASE_URL: z.string().min(1),
    NATS_MONITOR_URL: httpUrl.optional(),
    NATS_STREAM_REPLICAS: wholeNumber(1, 5).optional(),
    ROLES: listOf(['http', 'background']).default(['http', 'background']),
    CONVERSATION_ADMIN: z.enum(['backend', 'creator']).default('backend'),
    SCAN_POLICY: z.enum(['gate', 'deliver', 'off']).default('gate'),
    SCAN_UNSCANNABLE: z.enum(['deliver-large', 'deliver', 'block']).default('deliver-large'),
    VIRUS_POLICY: z.enum(['soft', 'hard']).default('soft'),
    SOURCE_ACCESS: z.enum(['members', 'owner']).default('members'),
    DOWNLOAD_MODE: z.enum(['redirect', 'proxy']).default('redirect'),
    MEDIA_SESSION_TTL: atLeastASecond.default(3_600_000),
    SIGNED_URL_MIN: atLeastASecond.default(300_000),
    SIGNED_URL_MAX: atLeastASecond.default(6 * 3_600_000),
    SIGNED_URL_STEP: atLeastASecond.default(300_000),
    RATE_LIMIT_PER_MINUTE: wholeNumber(1, 10_000_000).default(6_000),
    CLIENT_REPORTS_PER_MINUTE: wholeNumber(1, 10_000_000).default(30),
    TOKEN_SECRETS: keyedSecrets.optional(),
    MAX_UPLOAD_BYTES: wholeNumber(1, 5_497_558_138_880).default(5 * GIB),
    MAX_REQUEST_BYTES: wholeNumber(MIB, 5_497_558_138_880).optional(),
    USER_QUOTA_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
    MAX_OPEN_UPLOADS: wholeNumber(1, 1_000_000).default(100),
    MAX_UPLOADS_PER_DAY: wholeNumber(1, 1_000_000_000).optional(),
    MAX_CONNECTIONS: wholeNumber(1, 1_000_000).default(10_000),
    MAX_CONNECTIONS_PER_ADDRESS: wholeNumber(1, 1_000_000).default(20_000),
    UPLOAD_IDLE_TIMEOUT: duration.default(60_000),
    DOWNLOAD_IDLE_TIMEOUT: duration.default(60_000),
    MAX_DOWNLOADS_PER_USER: wholeNumber(1, 10_000).default(32),
    MAX_DOWNLOADS: wholeNumber(1, 10_000).default(256),
    UPLOAD_MEMORY_BYTES: wholeNumber(16 * MIB, 16 * GIB).default(48 * MIB),
    UPLOAD_TTL: duration.default(86_400_000),
    ORPHAN_TTL: duration.default(86_400_000),
    ORPHAN_GRACE: duration.default(86_400_000),
    READY_DEADLINE: duration.default(120_000),
    READY_DEADLINE_MAX: duration.default(3_600_000),
    EVENT_RETENTION: duration.default(30 * 86_400_000),
    SWEEP_INTERVAL: sweepInterval.default(15_000),
    SWEEP_AGAIN_AFTER: duration.optional(),
    STORAGE_PRICE_PER_GB_MONTH: price.default(0),
    STORAGE_PRICE_PER_1000_WRITES: price.default(0),
    STORAGE_PRICE_PER_1000_READS: price.default(0),
    MAX_ATTEMPTS: wholeNumber(1, 100).default(5),
    CORS_ORIGINS: list.default([]),
    DEV_LOGIN: flag.default(false),
    WEB_DIR: z.string().optional(),
  })
  .refine(...exactlyOneTokenSource)
  .refine((env) => !env.DEV_LOGIN || env.AUTH_JWT_SECRET !== undefined, {
    path: ['DEV_LOGIN'],
    message: 'needs AUTH_JWT_SECRET: a login can only be signed with our own secret',
  })
  .refine((env) => env.SIGNED_URL_MAX >= env.SIGNED_URL_MIN, {
    path: ['SIGNED_URL_MAX'],
    message: 'must not be shorter than SIGNED_URL_MIN',
  })
  .refine((env) => env.SIGNED_URL_MAX + env.SIGNED_URL_STEP <= WEEK_MS, {
    path: ['SIGNED_URL_MAX'],
    message: 'must, with SIGNED_URL_STEP, not be longer than the seven days that S3 allows',
  })
  .refine((env) => env.READY_DEADLINE_MAX >= env.READY_DEADLINE, {
    path: ['READY_DEADLINE_MAX'],
    message: 'must not be shorter than READY_DEADLINE',
  });

export type Config = ReturnType<typeof readApiConfig>;

/** The api's whole configuration. @throws ConfigError with every problem at once */
export const readApiConfig = (env: Environment) => {
  const read = readConfig(schema, env);
  return {
    appName: read.APP_NAME,
    logLevel: read.LOG_LEVEL,
    port: read.PORT,
    adminPort: read.ADMIN_PORT,
    publicUrl: read.PUBLIC_URL ?? `http://127.0.0.1:${read.PORT}`,
    gatewayPublicUrl: read.GATEWAY_PUBLIC_URL ?? 'http://127.0.0.1:8081',
    databaseUrl: read.DATABASE_URL,
    natsUrl: read.NATS_URL,
    /** Only the doctor asks there. */
    natsMonitorUrl: read.NATS_MONITOR_URL,
    streamReplicas: read.NATS_STREAM_REPLICAS,
    traces: toTraceSettings(read),
    failpoints: read.FAILPOINT,
    subjectOverrides: toSubjectOverrides(read),
    storage: toStorageOptions(read),
    token: toTokenSettings(read),
    mediaSessionTtlMs: read.MEDIA_SESSION_TTL,
    signedUrl: { minMs: read.SIGNED_URL_MIN, maxMs: read.SIGNED_URL_MAX, stepMs: read.SIGNED_URL_STEP },
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
    orphanTtlMs: read.ORPHAN_TTL,
    orphanGraceMs: read.ORPHAN_GRACE,
    readyDeadlineMs: read.READY_DEADLINE,
    readyDeadlineMaxMs: read.READY_DEADLINE_MAX,
    eventRetentionMs: read.EVENT_RETENTION,
    sweepIntervalMs: read.SWEEP_INTERVAL,
    sweepAgainMs: read.SWEEP_AGAIN_AFTER ?? read.UPLOAD_TTL + read.READY_DEADLINE_MAX,
    /** In a currency of the operator's; only for an estimate. */
    storagePrices: {
      gigabyteMonth: read.STORAGE_PRICE_PER_GB_MONTH,
      thousandWrites: read.STORAGE_PRICE_PER_1000_WRITES,
      thousandReads: read.STORAGE_PRICE_PER_1000_READS,
    },
    maxAttempts: read.MAX_ATTEMPTS,
    corsOrigins: read.CORS_ORIGINS,
    devLogin: read.DEV_LOGIN,
    /** Static files served at `/`: the demo, when there is one. */
    webDir: read.WEB_DIR,
  };
};
