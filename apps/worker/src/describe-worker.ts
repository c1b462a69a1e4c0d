import { tmpdir } from 'node:os';
import type { WorkerReport } from '@claimcheck/contracts/worker-report';
import { within } from '@claimcheck/platform/process/within';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { ClamdClient } from './clamd/clamd-client.ts';
import type { Ffmpeg } from './ffmpeg/ffmpeg.ts';
import type { Pdf } from './pdf/pdf.ts';

const LIMIT_MS = 3_000;

export interface WorkerParts {
  storage: Storage;
  ffmpeg: Ffmpeg;
  pdf: Pdf;
  scanner: ClamdClient | undefined;
  scanPolicy: string;
}

/** Returns undefined without a timely answer: the report must not wait for a broken part. */
const answered = <Answer>(ask: Promise<Answer>): Promise<Answer | undefined> =>
  within(LIMIT_MS, () => ask).catch(() => undefined);

const describeScanner = async (scanner: ClamdClient): Promise<NonNullable<WorkerReport['scanner']>> => {
  const isThere = await answered(scanner.ping().then(() => true));
  if (isThere !== true) return { state: 'away' };
  const [version, age, missingOptions] = await Promise.all([
    scanner.version(),
    answered(scanner.signatureAge()),
    answered(scanner.missingOptions()),
  ]);
  return {
    state: 'ok',
    maxBytes: scanner.maxBytes,
    ...(version === undefined ? {} : { version }),
    ...(age === undefined ? {} : { signatureAgeSeconds: age }),
    ...(missingOptions === undefined ? {} : { missingOptions }),
  };
};

/** Programs and filters without which some files have no preview, or a grey one. */
const missingParts = (ffmpeg: Ffmpeg, pdf: Pdf): string[] => [
  ...(ffmpeg.isAvailable && !ffmpeg.canToneMap ? ['zscale'] : []),
  ...(pdf.isAvailable ? [] : ['pdftoppm']),
];

/** Describes this worker to the doctor that probes it. Never throws, and takes seconds at most. */
export const describeWorker = async ({
  storage,
  ffmpeg,
  pdf,
  scanner,
  scanPolicy,
}: WorkerParts): Promise<WorkerReport> => {
  const [isStored, version, scan] = await Promise.all([
    answered(storage.check().then(() => true)),
    answered(ffmpeg.version(tmpdir())),
    scanner && describeScanner(scanner),
  ]);
  return {
    time: new Date().toISOString(),
    bucket: storage.bucket,
    storage: isStored === true ? 'ok' : 'away',
    scanPolicy,
    missing: missingParts(ffmpeg, pdf),
    ...(version === undefined ? {} : { ffmpeg: version }),
    ...(scan === undefined ? {} : { scanner: scan }),
  };
};
