import { tmpdir } from 'node:os';
import { MIB } from '@claimcheck/contracts/limits';
import { failpointVariables } from '@claimcheck/platform/failpoint/failpoint-plan';
import {
  brokerVariables,
  subjectVariables,
  toBrokerFiles,
  toSubjectOverrides,
} from '@claimcheck/platform/nats/broker-variables';
import { camelCased } from '@claimcheck/platform/process/camel-case';
import {
  commonVariables,
  duration,
  listOf,
  port,
  readConfig,
  scanPolicy,
  wholeNumber,
} from '@claimcheck/platform/process/config';
import { ConfigError } from '@claimcheck/platform/process/config-error';
import type { Environment } from '@claimcheck/platform/process/environment';
import {
  kmsKeyWithKms,
  storageVariables,
  toStorageOptions,
  wholeStorageKey,
} from '@claimcheck/platform/s3/storage-variables';
import { toTraceSettings, traceVariables } from '@claimcheck/platform/tracing/trace-variables';
import { z } from 'zod';
import { NO_FFMPEG } from './ffmpeg/ffmpeg.ts';
import { findProgram } from './ffmpeg/find-program.ts';

/** Variables with their descriptions: `npm run docs` writes docs/configuration.md from them. */
export const workerSchema = z
  .object({
    ...commonVariables,
    ...brokerVariables,
    ...subjectVariables,
    ...failpointVariables,
    ...storageVariables,
    ...traceVariables,
    ADMIN_PORT: port
      .default(9082)
      .describe('Port of `/healthz`, `/readyz` and `/metrics`. `npm start` counts up from one value.'),
    CLAMAV_HOST: z.string().min(1).optional().describe('Host of clamd. Without it scans are `skipped`.'),
    CLAMAV_PORT: port.default(3310).describe('Port of clamd.'),
    CLAMAV_MAX_BYTES: wholeNumber(1, 4 * 1024 * MIB)
      .default(100 * MIB)
      .describe(
        "Larger files are `unscannable`. Keep it at or below clamd's `MaxFileSize`; a lower `StreamMaxLength` is found by itself. Give clamd `AlertExceedsMax yes` and `AlertEncrypted yes` ([why](security.md)).",
      ),
    CLAMAV_TIMEOUT: duration.default(130_000).describe('Longest scan of one file.'),
    SCAN_POLICY: scanPolicy,
    LANES: listOf(['media', 'transcode'])
      .transform((lanes) => [...new Set(lanes)])
      .default(['media', 'transcode'])
      .describe('Lanes of this process: `media` for pictures, previews and scans, `transcode` for videos.'),
    MAX_ATTEMPTS: wholeNumber(1, 100)
      .default(5)
      .describe('Deliveries of a message, and attempts of the sweeper at one media object.'),
    VIDEO_DELIVERY: z
      .enum(['mp4', 'hls', 'both'])
      .default('mp4')
      .describe(
        'Long videos become HLS instead of the mp4 (`hls`), next to it (`both`), or not at all (`mp4`).',
      ),
    HLS_MIN_DURATION: duration.default(60_000).describe('Shorter videos are mp4 only.'),
    MEDIA_CONCURRENCY: wholeNumber(1, 64).default(2).describe('Jobs of the lane `media` at once.'),
    TRANSCODE_CONCURRENCY: wholeNumber(1, 16).default(1).describe('Jobs of the lane `transcode` at once.'),
    LARGE_OBJECT_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER)
      .default(64 * MIB)
      .describe("Sources from this size on take at most half of a lane's slots."),
    JOB_DISK_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().meta({
      description:
        'What the folders of all jobs may hold. A job waits for space, and fails for now if it needs more than all of it (a video: 3 × its source + 256 MiB). The chart sets 80 % of `tempSizeLimit`.',
      byDefault: '80 % of what is free in `TEMP_DIR` at the start',
    }),
    MAX_IMAGE_PIXELS: wholeNumber(1, 1_000_000_000)
      .default(51_000_000)
      .describe(
        'Pixels that are decoded of a picture, and of each frame of a video. A JPEG, and a HEIC photo of tiles, may have five times as many, because it is decoded at a fraction of its size.',
      ),
    SHUTDOWN_GRACE: duration
      .default(6_000)
      .describe(
        'Jobs may end within this time after SIGTERM. Later ones are released to another worker, which costs them no attempt. Give the orchestrator 10 s more.',
      ),
    ACK_WAIT: duration
      .default(30_000)
      .describe('A worker that shows no sign of life for this long loses its job to another worker.'),
    TEMP_DIR: z
      .string()
      .min(1)
      .default(tmpdir())
      .meta({ description: 'Folder for the files of jobs.', byDefault: "the system's" }),
    FFMPEG_PATH: z
      .string()
      .min(1)
      .default('ffmpeg')
      .describe(
        'Path or name of ffmpeg. With `none`, and `LANES=media`, a worker needs no ffmpeg and delivers videos and audio as files.',
      ),
    FFPROBE_PATH: z.string().min(1).default('ffprobe').describe('Path or name of ffprobe.'),
    PDFTOPPM_PATH: z
      .string()
      .min(1)
      .default('pdftoppm')
      .describe('Path or name of pdftoppm. Without it PDFs have no preview.'),
    PDFINFO_PATH: z.string().min(1).default('pdfinfo').describe('Path or name of pdfinfo.'),
    PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  })
  .refine(...wholeStorageKey)
  .refine(...kmsKeyWithKms);

export type WorkerConfig = ReturnType<typeof readWorkerConfig>;

/**
 * The worker's complete configuration. Paths of programs are absolute (or `none`, for no ffmpeg); poppler and helpers of the
 * operating system are undefined if they are missing.
 *
 * @throws ConfigError that names every wrong variable, and every missing program
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
    brokerFiles: toBrokerFiles(config),
    subjectOverrides: toSubjectOverrides(config),
    traces: toTraceSettings(config),
    programs: {
      ffmpeg,
      ffprobe,
      nice: helper('nice'),
      prlimit: helper('prlimit'),
      setpriv: helper('setpriv'),
      pdftoppm: helper(config.PDFTOPPM_PATH),
      pdfinfo: helper(config.PDFINFO_PATH),
    },
  };
};

const readVariables = (env: Environment): { config?: z.output<typeof workerSchema>; problems: string[] } => {
  try {
    return { config: readConfig(workerSchema, env), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: [...error.problems] };
  }
};
