import { tmpdir } from 'node:os';
import { MIB } from '@claimcheck/contracts/limits';
import { failpointVariables } from '@claimcheck/platform/failpoint/failpoint-plan';
import {
  brokerVariables,
  subjectVariables,
  toSubjectOverrides,
} from '@claimcheck/platform/nats/broker-variables';
import { camelCased } from '@claimcheck/platform/process/camel-case';
import {
  commonVariables,
  duration,
  type Environment,
  listOf,
  port,
  readConfig,
  wholeNumber,
} from '@claimcheck/platform/process/config';
import { ConfigError } from '@claimcheck/platform/process/config-error';
import { storageVariables, toStorageOptions } from '@claimcheck/platform/s3/storage-variables';
import { toTraceSettings, traceVariables } from '@claimcheck/platform/tracing/trace-variables';
import { z } from 'zod';
import { NO_FFMPEG } from './ffmpeg/ffmpeg.ts';
import { findProgram } from './ffmpeg/find-program.ts';

const schema = z.object({
  ...commonVariables,
  ...brokerVariables,
  ...subjectVariables,
  ...failpointVariables,
  ...storageVariables,
  ...traceVariables,
  ADMIN_PORT: port.default(9082),
  CLAMAV_HOST: z.string().min(1).optional(),
  CLAMAV_PORT: port.default(3310),
  /** clamd's StreamMaxLength and MaxFileSize, whichever is lower; larger files are not sent to it. Bytes. */
  CLAMAV_MAX_BYTES: wholeNumber(1, 4 * 1024 * MIB).default(100 * MIB),
  CLAMAV_TIMEOUT: duration.default(130_000),
  SCAN_POLICY: z.enum(['gate', 'deliver', 'off']).default('gate'),
  LANES: listOf(['media', 'transcode'])
    .transform((lanes) => [...new Set(lanes)])
    .default(['media', 'transcode']),
  MAX_ATTEMPTS: wholeNumber(1, 100).default(5),
  VIDEO_DELIVERY: z.enum(['mp4', 'hls', 'both']).default('mp4'),
  /** Shorter videos are mp4 alone. Milliseconds when read. */
  HLS_MIN_DURATION: duration.default(60_000),
  MEDIA_CONCURRENCY: wholeNumber(1, 64).default(2),
  TRANSCODE_CONCURRENCY: wholeNumber(1, 16).default(1),
  /** Sources from this size on take at most half of a lane's slots. */
  LARGE_OBJECT_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER).default(64 * MIB),
  /** What the folders of all jobs together may hold; by default a share of what is free at the start. */
  JOB_DISK_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  MAX_IMAGE_PIXELS: wholeNumber(1, 1_000_000_000).default(50_000_000),
  /** How long a crashed worker's job waits for another worker. Milliseconds when read. */
  ACK_WAIT: duration.default(30_000),
  TEMP_DIR: z.string().min(1).default(tmpdir()),
  FFMPEG_PATH: z.string().min(1).default('ffmpeg'),
  FFPROBE_PATH: z.string().min(1).default('ffprobe'),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
});

export type WorkerConfig = ReturnType<typeof readWorkerConfig>;

/**
 * The worker's whole configuration. Paths of programs are absolute (or `none`, for no ffmpeg); helpers of the operating system are undefined
 * where it has none.
 *
 * @throws ConfigError naming every variable that is wrong, and every program that is missing
 */
export const readWorkerConfig = (env: Environment) => {
  const { config, problems } = readVariables(env);
  const search = config?.PATH ?? env.PATH ?? '';
  const hasFfmpeg = env.FFMPEG_PATH !== NO_FFMPEG;
  if (!hasFfmpeg && config?.LANES.includes('transcode'))
    problems.push('LANES: transcode needs ffmpeg; with FFMPEG_PATH=none set LANES=media');
  const find = (variable: 'FFMPEG_PATH' | 'FFPROBE_PATH', fallback: string) => {
    if (!hasFfmpeg) return NO_FFMPEG;
    const found = findProgram(config?.[variable] ?? env[variable] ?? fallback, search);
    if (found === undefined) problems.push(`${variable}: no such program; install ffmpeg`);
    return found;
  };
  const ffmpeg = find('FFMPEG_PATH', 'ffmpeg');
  const ffprobe = find('FFPROBE_PATH', 'ffprobe');
  if (config === undefined || ffmpeg === undefined || ffprobe === undefined || problems.length > 0)
    throw new ConfigError(problems);
  const helper = (name: string) => findProgram(name, search);
  return {
    ...camelCased(config),
    storage: toStorageOptions(config),
    subjectOverrides: toSubjectOverrides(config),
    traces: toTraceSettings(config),
    programs: {
      ffmpeg,
      ffprobe,
      nice: helper('nice'),
      prlimit: helper('prlimit'),
      setpriv: helper('setpriv'),
    },
  };
};

const readVariables = (env: Environment): { config?: z.output<typeof schema>; problems: string[] } => {
  try {
    return { config: readConfig(schema, env), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: [...error.problems] };
  }
};
