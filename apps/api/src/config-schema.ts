import { MIB } from '@claimcheck/contracts/limits';
import { exactlyOneTokenSource, tokenVariables } from '@claimcheck/platform/auth/token-variables';
import { failpointVariables } from '@claimcheck/platform/failpoint/failpoint-plan';
import { brokerVariables, subjectVariables } from '@claimcheck/platform/nats/broker-variables';
import {
  commonVariables,
  duration,
  flag,
  httpUrl,
  keyedSecrets,
  listOf,
  port,
  scanPolicy,
  wholeNumber,
} from '@claimcheck/platform/process/config';
import { databaseVariables } from '@claimcheck/platform/process/database-variables';
import { originVariables } from '@claimcheck/platform/process/origins';
import { kmsKeyWithKms, storageVariables, wholeStorageKey } from '@claimcheck/platform/s3/storage-variables';
import { completeCdn, signingVariables } from '@claimcheck/platform/signing/signing-variables';
import { traceVariables } from '@claimcheck/platform/tracing/trace-variables';
import { z } from 'zod';

const GIB = 1_024 * MIB;

const atLeastASecond = duration
  .refine((ms) => ms >= 1_000, 'must be at least 1s')
  .meta({ takes: 'duration, at least 1s' });
const WEEK_MS = 7 * 86_400_000;

const sweepInterval = duration
  .refine((ms) => ms >= 100, 'must be at least 100ms')
  .meta({ takes: 'duration, at least 100ms' });

/** Variables with their descriptions: `npm run docs` writes docs/configuration.md from them. */
export const apiSchema = z
  .object({
    ...commonVariables,
    ...brokerVariables,
    ...subjectVariables,
    ...failpointVariables,
    ...storageVariables,
    ...tokenVariables,
    ...traceVariables,
    PORT: port.default(8080).describe('Public port of the api.'),
    ADMIN_PORT: port
      .default(9080)
      .describe('Port of `/healthz`, `/readyz` and `/metrics`. `npm start` counts up from one value.'),
    PUBLIC_URL: httpUrl.optional().meta({
      description: 'Address of the api, as clients see it.',
      byDefault: '`http://127.0.0.1:<PORT>`',
    }),
    GATEWAY_PUBLIC_URL: httpUrl.optional().meta({
      description: 'Address of the gateway, as clients see it.',
      byDefault: '`http://127.0.0.1:8081`',
    }),
    ...databaseVariables,
    DATABASE_POOL_SIZE: wholeNumber(2, 200).default(10).describe('Connections to Postgres of one process.'),
    NATS_MONITOR_URL: httpUrl
      .optional()
      .describe(
        "The broker's monitoring port, such as `http://nats:8222`. `claimcheck doctor` asks there whether `sync_interval` is `always`.",
      ),
    NATS_STREAM_REPLICAS: wholeNumber(1, 5).optional().meta({
      description:
        "Servers of the broker's cluster that keep each stream ([how many](operations.md#a-cluster-of-brokers)).",
      byDefault: 'a stream keeps what it has, a new one gets 1',
    }),
    NATS_WORK_MAX_BYTES: wholeNumber(MIB, 1_024 * GIB)
      .default(4 * GIB)
      .describe("Room on the broker's disk for requests and answers ([what goes first](events.md#streams))."),
    NATS_FACTS_MAX_BYTES: wholeNumber(MIB, 1_024 * GIB)
      .default(GIB)
      .describe("Room on the broker's disk for facts that hosts listen to."),
    FACTS: z
      .enum(['changes', 'states', 'off'])
      .default('changes')
      .describe(
        'What hosts hear on the broker: all `changes` of media objects, only changes of their `states`, or nothing (`off`).',
      ),
    ROLES: listOf(['http', 'background'])
      .default(['http', 'background'])
      .describe(
        'Roles of this process. Chart and compose file run each role in a process of its own ([why](operations.md#roles-of-the-api)).',
      ),
    CONVERSATION_ADMIN: z
      .enum(['backend', 'creator'])
      .default('backend')
      .describe(
        "Creates conversations and changes members: the host's `backend`, or each conversation's `creator`.",
      ),
    SCAN_POLICY: scanPolicy,
    SCAN_UNSCANNABLE: z
      .enum(['deliver-large', 'deliver', 'block'])
      .default('deliver-large')
      .describe(
        'What happens to files that cannot be scanned: `deliver-large` delivers those that are only too large, `deliver` all, `block` none.',
      ),
    VIRUS_POLICY: z
      .enum(['soft', 'hard'])
      .default('soft')
      .describe(
        '`soft` keeps the row of an infected media object, as `blocked`. `hard` removes it from its messages and deletes it, once every conversation has been notified.',
      ),
    SOURCE_ACCESS: z
      .enum(['members', 'owner'])
      .default('members')
      .describe('`owner` withholds sources, with their EXIF, from other members.'),
    DOWNLOAD_MODE: z
      .enum(['redirect', 'proxy', 'accel'])
      .default('redirect')
      .describe(
        "`redirect` to a signed URL, `proxy` the bytes, or `accel`: the api decides and [nginx moves the bytes](operations.md). For HLS by redirects the bucket's CORS rules must allow `GET` from the pages that play it.",
      ),
    ...signingVariables,
    MEDIA_SESSION_TTL: atLeastASecond
      .default(3_600_000)
      .describe('How long the `?t=` of media URLs is good after it was opened or renewed.'),
    SIGNED_URL_MIN: atLeastASecond
      .default(300_000)
      .describe('Least life of a signed URL; for a video, twice its length is added.'),
    SIGNED_URL_MAX: atLeastASecond.default(6 * 3_600_000).describe('Longest life of a signed URL.'),
    SIGNED_URL_STEP: atLeastASecond
      .default(300_000)
      .describe(
        'Within a step of the clock all viewers get the same signed URL ([decision](decisions/0009-downloads.md)).',
      ),
    RATE_LIMIT_PER_MINUTE: wholeNumber(1, 10_000_000)
      .default(6_000)
      .describe(
        'Requests of one user to all processes. A request for several URLs, parts or members counts for its items, the creation of an upload as five; bytes of uploads do not count.',
      ),
    CLIENT_REPORTS_PER_MINUTE: wholeNumber(1, 10_000_000)
      .default(30)
      .describe('Client reports of one user to all processes.'),
    TOKEN_SECRETS: keyedSecrets
      .optional()
      .describe(
        '`kid:secret,…` signs upload tickets: the first signs, all verify. Without it `POST /v1/media` answers 503; plain tus works.',
      ),
    MAX_UPLOAD_BYTES: wholeNumber(1, 5_497_558_138_880)
      .default(5 * GIB)
      .describe('Largest file.'),
    MAX_REQUEST_BYTES: wholeNumber(MIB, 5_497_558_138_880).optional().meta({
      description:
        'Largest request body that the [proxies](proxies.md) in front of the api let through. `/config.json` tells clients, which split uploads by it.',
      byDefault: 'no limit',
    }),
    USER_QUOTA_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().meta({
      description:
        "Bytes of all of a user's media objects and unfinished uploads. An upload counts with its whole length; one without a length with what is stored.",
      byDefault: 'no limit',
    }),
    MAX_OPEN_UPLOADS: wholeNumber(1, 1_000_000).default(100).describe('Unfinished uploads of a user.'),
    MAX_UPLOADS_PER_DAY: wholeNumber(1, 1_000_000_000)
      .optional()
      .meta({ description: 'Uploads of a user a day (UTC).', byDefault: 'no limit' }),
    MAX_CONNECTIONS: wholeNumber(1, 1_000_000)
      .default(10_000)
      .describe('Open connections of one process; each costs about 27 KiB.'),
    MAX_CONNECTIONS_PER_ADDRESS: wholeNumber(1, 1_000_000)
      .default(20_000)
      .describe('Connections of one address; behind a proxy it is the address of the proxy.'),
    UPLOAD_IDLE_TIMEOUT: duration
      .default(60_000)
      .describe('A connection that is silent for this long is closed, and its bytes kept.'),
    DOWNLOAD_IDLE_TIMEOUT: duration
      .default(60_000)
      .describe(
        'A viewer that takes less than 64 KiB in this time is disconnected, where the api passes the bytes on; players resume.',
      ),
    MAX_DOWNLOADS_PER_USER: wholeNumber(1, 10_000)
      .default(32)
      .describe('Downloads of one user that one process passes on at once; more are answered 429.'),
    MAX_DOWNLOADS: wholeNumber(1, 10_000)
      .default(256)
      .describe('Downloads that one process passes on at once; more are answered 503 after a wait of 2 s.'),
    UPLOAD_MEMORY_BYTES: wholeNumber(16 * MIB, 16 * GIB)
      .default(48 * MIB)
      .describe('Bytes of uploads in memory, on their way to the store.'),
    UPLOAD_TTL: duration
      .default(86_400_000)
      .describe('How long an upload may take, and how long its ticket lives. Then it is removed.'),
    ORPHAN_TTL: duration.default(86_400_000).describe('How long media without a reference is kept.'),
    ORPHAN_GRACE: duration
      .default(86_400_000)
      .describe('How long it is then `expiring`; a message in this time brings it back.'),
    READY_DEADLINE: duration
      .default(120_000)
      .describe('When the sweeper checks a placeholder: waits on, processes again, or settles it.'),
    READY_DEADLINE_MAX: duration.default(3_600_000).describe('Longest time until a placeholder settles.'),
    EVENT_RETENTION: duration
      .default(30 * 86_400_000)
      .describe('How long events are kept. A client that is further behind starts afresh.'),
    TOMBSTONE_RETENTION: duration
      .default(90 * 86_400_000)
      .describe(
        'How long the names of deleted messages, and deleted or expired media that no message shows, are known. Then the same name is a new message or upload.',
      ),
    SWEEP_INTERVAL: sweepInterval.default(15_000).describe('Pause between two runs of the sweeper.'),
    SWEEP_AGAIN_AFTER: duration.optional().meta({
      description:
        'When objects of removed media are removed again; longer than any job and any upload ticket.',
      byDefault: 'UPLOAD_TTL + READY_DEADLINE_MAX',
    }),
    MAX_ATTEMPTS: wholeNumber(1, 100)
      .default(5)
      .describe('Deliveries of a message, and attempts of the sweeper at one media object.'),
    RESULTS_CONCURRENCY: wholeNumber(1, 256)
      .default(16)
      .describe('Results of workers that one background process applies at once.'),
    WEBHOOK_URL: httpUrl
      .optional()
      .describe('Where the host takes `media.updated` as a signed webhook ([how](integration.md#webhooks)).'),
    WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
      .optional()
      .describe('Signs webhooks (Standard Webhooks): `whsec_` and at least 24 random bytes in base64.'),
    AUDIT_FILE: z.string().optional().meta({
      description:
        "File to which commands append their [audit lines](operations.md#audit). The image sets `/proc/1/fd/2`, so that lines of a command inside a container are in the container's log.",
      takes: 'path',
      byDefault: 'standard error',
    }),
    ACCESS_LOG: flag.default(true).describe('One line for each request, at `info`.'),
    ...originVariables,
    DEV_LOGIN: flag.default(false).describe('Lets any visitor log in as any user. Demos only.'),
    WEB_DIR: z.string().optional().describe('Static files that are served at `/`.'),
  })
  .refine(...exactlyOneTokenSource)
  .refine((env) => (env.WEBHOOK_URL === undefined) === (env.WEBHOOK_SECRET === undefined), {
    path: ['WEBHOOK_SECRET'],
    message: 'goes with WEBHOOK_URL: set both or neither',
  })
  .refine((env) => env.WEBHOOK_URL === undefined || env.FACTS !== 'off', {
    path: ['WEBHOOK_URL'],
    message: 'needs FACTS: what is not on the broker is not sent',
  })
  .refine(...wholeStorageKey)
  .refine(...kmsKeyWithKms)
  .refine(...completeCdn)
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
