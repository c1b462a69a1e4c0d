import { z } from 'zod';
import { uuid } from './ids.ts';
import { readCount, readText, readTime } from './lenient.ts';
import { LIMITS } from './limits.ts';
import { MEDIA_KINDS, type MediaKind, WAVEFORM_PEAKS } from './media.ts';
import { sha256 as sha256Text } from './text.ts';
import { workerReportSchema } from './worker-report.ts';

// How the api reads events of workers, its own and third parties': strict about which media object and which attempt
// they mean, lenient about every description. `broker-events.ts` says what a worker may send.

const withoutNulls = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
    : value;

type Described = Record<string, unknown>;

const readHash = (value: unknown): string | undefined => {
  const { data } = sha256Text.safeParse(typeof value === 'string' ? value.toLowerCase() : value);
  return data;
};

const readContentType = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 127 && /^[\x20-\x7e]+$/.test(value) ? value : undefined;

const readWaveform = (value: unknown): number[] | undefined => {
  if (!Array.isArray(value) || value.length > WAVEFORM_PEAKS) return undefined;
  const peaks = value.map((peak) => readCount(peak, 0, 100));
  return peaks.every((peak) => peak !== undefined) ? peaks : undefined;
};

/** A verdict within the final response: `code` and `error` of the scan response. */
const readScan = (value: unknown): { code: string; error?: string | undefined } | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, error } = value as Described;
  const known = readText(code, 64);
  return known === undefined ? undefined : { code: known, error: readText(error, 1_000) };
};

const thumbhash = z.base64().min(1).max(64);

const readFields = (given: Described) => ({
  stage: readText(given.stage, 64),
  error: readText(given.error, 1_000),
  code: readText(given.code, 64),
  retryable: typeof given.retryable === 'boolean' ? given.retryable : undefined,
  width: readCount(given.width, 1),
  height: readCount(given.height, 1),
  durationMs: readCount(given.durationMs),
  thumbhash: thumbhash.safeParse(given.thumbhash).data,
  sha256: readHash(given.sha256),
  contentType: readContentType(given.contentType),
  kind: MEDIA_KINDS.find((kind): kind is MediaKind => kind === given.kind),
  waveform: readWaveform(given.waveform),
  pageCount: readCount(given.pageCount, 1),
  percent: readCount(given.percent, 0, 100),
  scanner: readText(given.scanner, 128),
  scan: readScan(given.scan),
  originalUrl: readText(given.originalUrl, 2_048),
  worker: workerReportSchema.safeParse(given.worker).data,
});

/** One entry of `processed`; a later release may add qualities and formats. */
export interface ReceivedDerivative {
  quality: string;
  format: string;
  url: string;
  size: number;
  width?: number | undefined;
  height?: number | undefined;
}

const readDerivative = (value: unknown): ReceivedDerivative | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { quality, format, url, ...given } = value as Described;
  const size = readCount(given.size, 0, Number.MAX_SAFE_INTEGER);
  if (typeof quality !== 'string' || typeof format !== 'string' || typeof url !== 'string') return undefined;
  if (size === undefined || url === '' || url.length > 2_048) return undefined;
  return { quality, format, url, size, width: readCount(given.width, 1), height: readCount(given.height, 1) };
};

type Fields = ReturnType<typeof readFields>;

export interface ReceivedResponse extends Partial<Fields> {
  mediaId: string;
  success: boolean;
  epoch?: number | undefined;
  processed?: ReceivedDerivative[] | undefined;
  /** Fields that were given and could not be read. */
  dropped?: string[];
}

const identity = {
  mediaId: uuid,
  success: z.boolean(),
  epoch: z.int().positive().max(LIMITS.count).optional(),
  // A response with a stage that is not a text must not pass for the final one.
  stage: z.string().optional(),
};

/** Reads a response. Qualities, formats and stages that this release doesn't know are kept as they are. */
export const receivedResponseSchema = z
  .preprocess(withoutNulls, z.looseObject(identity))
  .transform((given): ReceivedResponse => {
    const { mediaId, success, epoch, processed } = given;
    const fields = readFields(given);
    const entries = Array.isArray(processed) ? processed.map(readDerivative) : undefined;
    const known = entries?.filter((entry) => entry !== undefined);
    const isWhole = processed === undefined || (entries !== undefined && known?.length === entries.length);
    const dropped = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined && given[name] !== undefined && given[name] !== '' ? [name] : [],
    );
    return {
      ...{ mediaId, success, epoch },
      ...fields,
      processed: known,
      dropped: isWhole ? dropped : [...dropped, 'processed'],
    };
  });

export interface ReceivedVirus {
  mediaId: string;
  virusName: string;
  detectedAt?: string | undefined;
  actionTaken?: string | undefined;
  s3Key?: string | undefined;
  s3Bucket?: string | undefined;
  mediaUrl?: string | undefined;
  sha256?: string | undefined;
  scanner?: string | undefined;
}

/** Reads an alert. It needs only `mediaId`, so that no odd spelling keeps an infected file available. */
export const receivedVirusSchema = z.preprocess(withoutNulls, z.looseObject({ mediaId: uuid })).transform(
  (given): ReceivedVirus => ({
    mediaId: given.mediaId,
    virusName: readText(given.virusName, 255) ?? 'unknown',
    detectedAt: readTime(given.detectedAt),
    actionTaken: readText(given.actionTaken, 64),
    s3Key: readText(given.s3Key, 1_024),
    s3Bucket: readText(given.s3Bucket, 255),
    mediaUrl: readText(given.mediaUrl, 2_048),
    sha256: readHash(given.sha256),
    scanner: readText(given.scanner, 128),
  }),
);
