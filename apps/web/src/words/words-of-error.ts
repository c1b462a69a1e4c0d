import { ClaimcheckError } from '@claimcheck/client';

/** A sentence for people. */
export const wordsOfError = (error: unknown): string =>
  error instanceof ClaimcheckError ? error.message : 'Something went wrong in this page.';
