import type { WorkerReport } from '@claimcheck/contracts/worker-report';
import type { Config } from '../config.ts';
import { type Check, failed, passed, skipped, warned } from './check.ts';
import { type Asked, checkClock } from './check-clock.ts';

export const LANES = ['media', 'transcode'] as const;
export type Lane = (typeof LANES)[number];

const OLDEST_FFMPEG = 5;
const DAY_S = 86_400;
/** The same limit as in the alert on old signatures. */
const OLD_SIGNATURES_S = 3 * DAY_S;

/** A worker's report about itself for its lane, and the time of the request. */
export interface LaneReport {
  lane: Lane;
  report: WorkerReport;
  asked: Asked;
}

const checkFfmpeg = ({ lane, report }: LaneReport): Check => {
  const name = `ffmpeg of the lane ${lane}`;
  if (report.ffmpeg === undefined)
    return failed(
      name,
      'it does not run',
      'install ffmpeg 5 or later where the worker runs; see FFMPEG_PATH',
    );
  const major = Number.parseInt(report.ffmpeg.replace(/^n/, ''), 10);
  // A build from source names a commit: it is presumably newer than the limit.
  return major < OLDEST_FFMPEG
    ? failed(name, `${report.ffmpeg} is too old`, `install ffmpeg ${OLDEST_FFMPEG} or later`)
    : passed(name, report.ffmpeg);
};

const FIXES: Readonly<Record<string, string>> = {
  zscale: 'HDR films and pictures look grey: install an ffmpeg with the filter zscale (libzimg)',
  pdftoppm: 'PDFs have no preview: install poppler-utils where the worker runs',
};

const checkParts = ({ lane, report }: LaneReport): Check[] =>
  (report.missing ?? []).map((part) =>
    warned(`${part} of the lane ${lane}`, 'it is missing', FIXES[part] ?? 'install it where the worker runs'),
  );

const checkWorkersBucket = ({ storage }: Config, { lane, report }: LaneReport): Check => {
  const name = `bucket of the lane ${lane}`;
  const fix =
    'give api and worker the same S3_ENDPOINT and S3_BUCKET, and the worker keys that may read and write';
  if (report.bucket !== storage.bucket)
    return failed(name, `the worker uses ${report.bucket}, the api ${storage.bucket}`, fix);
  return report.storage === 'ok'
    ? passed(name, `${report.bucket} answers the worker`)
    : failed(name, `${report.bucket} does not answer the worker`, fix);
};

const checkSignatures = (seconds: number | undefined): Check => {
  const name = 'scanner signatures';
  if (seconds === undefined) return skipped(name, 'the scanner names no date: signatures of your own');
  const detail = `${(seconds / DAY_S).toFixed(1)} days old`;
  return seconds < OLD_SIGNATURES_S
    ? passed(name, detail)
    : warned(name, detail, 'let freshclam run, and reach database.clamav.net or your mirror; then rescan');
};

const checkLimit = ({ maxUploadBytes, scanUnscannable }: Config, maxBytes: number | undefined): Check => {
  const name = 'scanner limits';
  if (maxBytes === undefined) return skipped(name, 'the worker does not tell them');
  return maxBytes >= maxUploadBytes
    ? passed(name, `files of up to ${maxBytes} bytes are scanned`)
    : passed(
        name,
        `files over ${maxBytes} bytes are unscannable (SCAN_UNSCANNABLE=${scanUnscannable}), uploads may have ${maxUploadBytes}`,
      );
};

const checkOptions = (missing: readonly string[] | undefined): Check => {
  const name = 'scanner options';
  if (missing === undefined) return skipped(name, 'the worker does not tell them');
  return missing.length === 0
    ? passed(name, 'what clamd cannot scan is not called clean')
    : warned(
        name,
        `clamd calls clean what it cannot scan: ${missing.join(', ')} off`,
        `in clamd.conf set ${missing.map((option) => `"${option} yes"`).join(' and ')}, and restart clamd`,
      );
};

/** Only the lane media scans. */
const checkScanner = (config: Config, { report }: LaneReport): Check[] => {
  const name = 'scanner';
  const { scanner } = report;
  if (report.scanPolicy !== config.scanPolicy)
    return [
      failed(
        name,
        `SCAN_POLICY is ${config.scanPolicy} at the api and ${report.scanPolicy} at the worker`,
        'give both the same SCAN_POLICY',
      ),
    ];
  if (config.scanPolicy === 'off') return [passed(name, 'SCAN_POLICY is off: nothing is scanned')];
  if (scanner === undefined)
    return [
      warned(
        name,
        'the worker has no CLAMAV_HOST: scans are skipped',
        'run clamd, and name it in CLAMAV_HOST',
      ),
    ];
  if (scanner.state === 'away')
    return [
      failed(
        name,
        'clamd does not answer the worker',
        'start clamd; check CLAMAV_HOST and CLAMAV_PORT of the worker, and network policies. Media waits for its verdict meanwhile',
      ),
    ];
  return [
    passed(name, scanner.version ?? 'answers PING'),
    checkSignatures(scanner.signatureAgeSeconds),
    checkLimit(config, scanner.maxBytes),
    checkOptions(scanner.missingOptions),
  ];
};

/** Checks the surroundings of the workers that answered a probe, from their reports. */
export const checkWorkers = (config: Config, reports: readonly LaneReport[]): Check[] => {
  const media = reports.find(({ lane }) => lane === 'media');
  const scanner = media
    ? checkScanner(config, media)
    : [
        skipped(
          'scanner',
          'the worker of the lane media did not tell: it did not answer, or is of an older release',
        ),
      ];
  return [
    ...reports.flatMap((one) => [
      checkClock(`the worker (${one.lane})`, new Date(one.report.time), one.asked),
      checkWorkersBucket(config, one),
      checkFfmpeg(one),
      ...checkParts(one),
    ]),
    ...scanner,
  ];
};
