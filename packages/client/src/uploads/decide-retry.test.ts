import { expect, test } from 'vitest';
import { ClaimcheckError, errorOfCode, networkError } from '../claimcheck-error.ts';
import { decideRetry, type Failures } from './decide-retry.ts';

const failures = (extra: Partial<Failures> = {}): Failures => ({
  inARow: 1,
  renewals: 0,
  hasSentDirectly: false,
  isByTus: false,
  hasSent: false,
  hasRestarted: false,
  maxInARow: 20,
  ...extra,
});
const conflict = (field: string) => new ClaimcheckError('client_key_conflict', '', { field });
const unreachable = new ClaimcheckError('storage_unreachable', '', { retryable: true });

test.each([
  ['no network', networkError(undefined), {}, 'later'],
  ['no network for too long', networkError(undefined), { inARow: 20 }, 'fail'],
  ['over the quota', errorOfCode('quota_exceeded'), {}, 'fail'],
  ['too large', errorOfCode('too_large'), {}, 'fail'],
  ['rate limited', errorOfCode('rate_limited'), {}, 'later'],
  ['another request holds it', errorOfCode('upload_locked'), {}, 'later'],
  ['a ticket that has ended', errorOfCode('token_expired'), {}, 'renew'],
  ['a ticket that stays refused', errorOfCode('token_expired'), { renewals: 2 }, 'fail'],
  ['another offset than ours', errorOfCode('offset_mismatch'), {}, 'renew'],
  ['no storage, the first time', unreachable, {}, 'later'],
  ['no storage, again', unreachable, { inARow: 2 }, 'by-tus'],
  ['no storage any more, which was there before', unreachable, { inARow: 2, hasSentDirectly: true }, 'later'],
  ['started in a way that is no longer used', conflict('protocols'), {}, 'by-tus'],
  ['and so was its replacement', conflict('protocols'), { isByTus: true }, 'fail'],
  ['a key that names another file', conflict('size_bytes'), {}, 'fail'],
  ['left for too long', errorOfCode('upload_gone'), {}, 'restart'],
  ['and its replacement is gone too', errorOfCode('upload_gone'), { hasRestarted: true }, 'fail'],
  ['taken away while it was sent', errorOfCode('upload_gone'), { hasSent: true }, 'fail'],
] as const)('%s', (_, error, extra, step) => {
  expect(decideRetry(error, failures(extra))).toBe(step);
});
