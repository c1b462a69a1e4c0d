/** Audiences of the tokens that we sign ourselves. A token with one of them is never a user's token. */
export const isReservedAudience = (audience: unknown): boolean =>
  (Array.isArray(audience) ? audience : [audience]).some(
    (entry) => typeof entry === 'string' && entry.startsWith('claimcheck:'),
  );
