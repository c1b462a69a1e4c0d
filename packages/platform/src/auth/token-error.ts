/** Reasons why a token is refused. For operators only: clients receive the problem's code. */
export const TOKEN_REFUSALS = [
  'missing',
  'malformed',
  'algorithm',
  'unknown_key',
  'signature',
  'token_expired',
  'not_yet_valid',
  'issuer',
  'audience',
  'subject',
] as const;
export type TokenRefusal = (typeof TOKEN_REFUSALS)[number];

/** A refused token. */
export class TokenError extends Error {
  readonly reason: TokenRefusal;

  constructor(reason: TokenRefusal, message: string) {
    super(message);
    this.name = 'TokenError';
    this.reason = reason;
  }

  /** The problem for clients. */
  get code(): 'unauthorized' | 'token_expired' {
    return this.reason === 'token_expired' ? 'token_expired' : 'unauthorized';
  }
}
