import { SCAN_VERDICTS } from '@claimcheck/contracts/broker-events';
import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';
import { kindOf } from '@claimcheck/contracts/media-kind';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import { toSha256, type Verdict } from '../lifecycle/verdicts.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import type { Result } from './result.ts';

/** The applied results of one epoch, each once. */
export const STAGES = ['preview', 'scan', 'final'] as const;
export type Stage = (typeof STAGES)[number];

/** Returns the columns about the content that a result sets; a missing field leaves its column unchanged. */
const learned = (result: Result): MediaChange => {
  const { width, height, durationMs, thumbhash, contentType, kind, waveform, pageCount } = result;
  const sha256 = toSha256(result.sha256);
  return {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
    ...(thumbhash === undefined ? {} : { thumbhash }),
    ...(sha256 === undefined ? {} : { sha256, is_sha256_verified: true }),
    ...(waveform === undefined ? {} : { waveform }),
    ...(pageCount === undefined ? {} : { page_count: pageCount }),
    ...(contentType === undefined ? {} : { content_type: contentType, kind: kindOf(contentType) }),
    ...(kind === undefined ? {} : { kind }),
  };
};

export const failureOf = (code: FailureCode): MediaChange => ({
  failure_code: code,
  failure_message: FAILURES[code],
});

const isFailureCode = (code: string | undefined): code is FailureCode =>
  code !== undefined && Object.hasOwn(FAILURES, code);

const reasonOf = ({ code }: Result): FailureCode => (isFailureCode(code) ? code : 'processing_failed');

/** The only failures that withhold the bytes from members: the bytes are missing, or not those announced. */
const WITHHELD: readonly FailureCode[] = ['empty_file', 'hash_mismatch', 'source_missing', 'no_verdict'];

const previewChange = (result: Result): MediaChange =>
  result.success ? { ...learned(result), thumbnail_state: 'ready' } : { thumbnail_state: 'failed' };

const refusesUnscannable = ({ scanUnscannable }: DomainConfig, result: Result): boolean =>
  scanUnscannable === 'block' || (scanUnscannable === 'deliver-large' && result.error !== 'too_large');

const verdictCode = (result: Result) =>
  result.success ? SCAN_VERDICTS.find((candidate) => candidate === result.code) : undefined;

const scanChange = (settings: DomainConfig, result: Result): MediaChange => {
  const verdict = verdictCode(result);
  // Only a known verdict counts as clean: otherwise the state stays pending, and the deadline decides.
  if (verdict === undefined) return {};
  const isRefused = verdict === 'unscannable' && refusesUnscannable(settings, result);
  const refused: MediaChange = isRefused ? { state: 'failed', ...failureOf('no_verdict') } : {};
  return { ...learned(result), scan_state: verdict, ...refused };
};

const finalChange = (row: MediaRow, result: Result): MediaChange => {
  if (result.success) {
    const change = learned(result);
    const kind = change.kind ?? kindOf(row.content_type);
    const transcode_state = kind === 'video' ? 'ready' : row.transcode_state;
    return { ...change, kind, transcode_state, failure_code: null, failure_message: null };
  }
  const reason = reasonOf(result);
  // Only the transcode failed: the source is stored, and the verdict let it through.
  if (row.transcode_state === 'pending' || row.transcode_state === 'running')
    return { ...failureOf(reason), state: 'degraded', transcode_state: 'failed' };
  if (WITHHELD.includes(reason)) return { ...failureOf(reason), state: 'failed' };
  // It has no preview, and counts as a file: it settles as soon as the verdict lets members have it.
  return { ...learned(result), kind: result.kind ?? 'other', ...failureOf(reason) };
};

/** Returns the change of a result of this stage, before the rules of settling. */
export const stageChange = (
  settings: DomainConfig,
  row: MediaRow,
  stage: Stage,
  result: Result,
): MediaChange => {
  if (stage === 'preview') return previewChange(result);
  return stage === 'scan' ? scanChange(settings, result) : finalChange(row, result);
};

/** Returns the verdict of a scan to store; undefined without a verdict, or without a hash from the worker. */
export const verdictOf = (result: Result): Verdict | undefined => {
  const sha256 = toSha256(result.sha256);
  const code = verdictCode(result);
  if (sha256 === undefined || code === undefined || code === 'skipped') return undefined;
  return { sha256, scanner: result.scanner, code };
};
