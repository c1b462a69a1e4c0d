/** Audiences of the tokens that we sign ourselves. None of them is ever a user's token. */
export const isReservedAudience = (audience: unknown): boolean =>
  (Array.isArray(audience) ? audience : [audience]).some(
    (entry) => typeof entry === 'string' && entry.startsWith('claimcheck:'),
  );
