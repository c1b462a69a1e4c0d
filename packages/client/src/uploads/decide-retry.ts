import type { ClaimcheckError, ClaimcheckErrorCode } from '../claimcheck-error.ts';

/**
 * What to do next. `renew`: retry at once with new instructions. `by-tus`: send through the api instead of directly.
 * `restart`: as another upload, because the server has forgotten this one. `smaller`: in smaller requests.
 */
export type RetryDecision = 'renew' | 'later' | 'smaller' | 'by-tus' | 'restart' | 'fail';

/** Refusals of a ticket, a signature or an offset, which new instructions may resolve. */
const RENEWABLE: readonly ClaimcheckErrorCode[] = [
  'unauthorized',
  'token_expired',
  'forbidden',
  'offset_mismatch',
  'upload_finished',
];

export interface Failures {
  /** Failures in a row since bytes were last sent. */
  inARow: number;
  /** Those of them after which the client asked for new instructions at once. */
  renewals: number;
  /** Whether any byte ever reached the storage directly. */
  hasSentDirectly: boolean;
  /** Whether its key already belongs to an upload through the api. */
  isByTus: boolean;
  /** Whether this page has sent any of its bytes. */
  hasSent: boolean;
  /** Whether it has already restarted. */
  hasRestarted: boolean;
  maxInARow: number;
}

const MAX_RENEWALS = 2;

/** Decides what to do after a failed attempt. Pure; the errors themselves say whether they are final. */
export const decideRetry = (
  { code, field, retryable }: ClaimcheckError,
  failures: Failures,
): RetryDecision => {
  // The upload started with a protocol that has been abandoned since, by another upload or an earlier page.
  if (code === 'client_key_conflict' && field === 'protocols' && !failures.isByTus) return 'by-tus';
  if (code === 'storage_unreachable' && !failures.hasSentDirectly && failures.inARow >= 2) return 'by-tus';
  if (code === 'upload_gone' && !failures.hasSent && !failures.hasRestarted) return 'restart';
  if (code === 'request_too_large') return 'smaller';
  if (RENEWABLE.includes(code)) return failures.renewals < MAX_RENEWALS ? 'renew' : 'fail';
  return retryable && failures.inARow < failures.maxInARow ? 'later' : 'fail';
};
