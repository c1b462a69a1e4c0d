import { hostId, uuid } from '@claimcheck/contracts/ids';
import { contentType } from '@claimcheck/contracts/text';
import { TokenError } from '@claimcheck/platform/auth/token-verifier';
import type { KeyedSecret } from '@claimcheck/platform/process/config';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

const AUDIENCE = 'claimcheck:upload';
const ALGORITHM = 'HS256';
const MAX_TICKET_CHARACTERS = 4_096;

const claimsSchema = z.object({
  sub: hostId,
  media_object_id: uuid,
  size_bytes: z.int().nonnegative(),
  content_type: contentType,
  exp: z.int(),
});

/** The right of `user_id` to write one upload, without the user's own token. */
export interface Ticket {
  user_id: string;
  media_object_id: string;
  size_bytes: number;
  content_type: string;
  expires_at: Date;
}

/**
 * Upload tickets: our JWTs (RFC 7519) with an audience of their own, for uploads that run in the background for
 * longer than a user's token lives. A ticket opens one upload and nothing else.
 */
export class UploadTickets {
  readonly #signing: KeyedSecret;
  readonly #secrets: ReadonlyMap<string, string>;

  /** @param keys the first signs, all verify */
  constructor(keys: readonly KeyedSecret[]) {
    const [signing] = keys;
    if (signing === undefined) throw new TypeError('a secret is required');
    this.#signing = signing;
    this.#secrets = new Map(keys.map(({ kid, secret }) => [kid, secret]));
  }

  /** Whether a token says that it is a ticket; says nothing of whether it is a valid one. */
  static isTicket(token: string): boolean {
    if (token.length > MAX_TICKET_CHARACTERS) return false;
    const payload = jwt.decode(token, { json: true });
    return payload?.aud === AUDIENCE;
  }

  sign(ticket: Ticket): string {
    const { user_id, expires_at, ...claims } = ticket;
    // Rounded up: at the very end the upload's own expiry answers, with a 410 that says what happened.
    const exp = Math.ceil(expires_at.getTime() / 1_000);
    return jwt.sign({ ...claims, exp }, this.#signing.secret, {
      algorithm: ALGORITHM,
      keyid: this.#signing.kid,
      audience: AUDIENCE,
      subject: user_id,
    });
  }

  /** @throws TokenError */
  verify(token: string): Ticket {
    const header =
      token.length <= MAX_TICKET_CHARACTERS ? jwt.decode(token, { complete: true })?.header : null;
    const secret = this.#secrets.get(header?.kid ?? '');
    if (secret === undefined)
      throw new TokenError('unauthorized', 'the ticket is not signed by one of our keys');
    const claims = claimsSchema.safeParse(verified(token, secret));
    if (!claims.success) throw new TokenError('unauthorized', 'the ticket is not complete');
    const { sub, exp, ...rest } = claims.data;
    return { ...rest, user_id: sub, expires_at: new Date(exp * 1_000) };
  }
}

const verified = (token: string, secret: string): unknown => {
  try {
    return jwt.verify(token, secret, { algorithms: [ALGORITHM], audience: AUDIENCE });
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError)
      throw new TokenError('token_expired', 'the ticket has expired');
    throw new TokenError('unauthorized', 'the ticket is not valid');
  }
};
