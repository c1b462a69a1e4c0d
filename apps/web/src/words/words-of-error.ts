import { ClaimcheckError } from '@claimcheck/client';

/** Returns a sentence for people. */
export const wordsOfError = (error: unknown): string =>
  error instanceof ClaimcheckError ? error.message : 'Something went wrong in this page.';
