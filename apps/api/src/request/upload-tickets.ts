import { hostId, uuid } from '@claimcheck/contracts/ids';
import { contentType } from '@claimcheck/contracts/text';
import { TokenError } from '@claimcheck/platform/auth/token-verifier';
import type { KeyedSecret } from '@claimcheck/platform/process/config';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { SigningKeys } from './signing-keys.ts';

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
 * Signs and verifies upload tickets: JWTs that we sign (RFC 7519), with their own audience, for uploads in the background that
 * outlast a user's token. A ticket opens one upload and nothing else.
 */
export class UploadTickets {
  readonly #keys: SigningKeys;

  /** @param keys the first signs, all verify */
  constructor(keys: readonly KeyedSecret[]) {
    this.#keys = new SigningKeys(keys);
  }

  /** Uses other keys from now on. @param keys as for the constructor; an empty list changes nothing */
  replaceKeys(keys: readonly KeyedSecret[]): void {
    this.#keys.replace(keys);
  }

  /** Returns whether a token claims to be a ticket; does not verify it. */
  static isTicket(token: string): boolean {
    return decode(token)?.payload.aud === AUDIENCE;
  }

  sign(ticket: Ticket): string {
    const { user_id, expires_at, ...claims } = ticket;
    // Rounded up: at the very end, the upload's own expiry answers with a 410 that explains it.
    const exp = Math.ceil(expires_at.getTime() / 1_000);
    return jwt.sign({ ...claims, exp }, this.#keys.current.secret, {
      algorithm: ALGORITHM,
      keyid: this.#keys.current.kid,
      audience: AUDIENCE,
      subject: user_id,
    });
  }

  /** @throws TokenError */
  verify(token: string): Ticket {
    const secret = this.#keys.secretOf(decode(token)?.header.kid ?? '');
    if (secret === undefined)
      throw new TokenError('unknown_key', 'kid of the ticket is none of TOKEN_SECRETS');
    const claims = claimsSchema.safeParse(verified(token, secret));
    if (!claims.success) throw new TokenError('malformed', 'the ticket is not complete');
    const { sub, exp, ...rest } = claims.data;
    return { ...rest, user_id: sub, expires_at: new Date(exp * 1_000) };
  }
}

/** @returns null if the text is no JWT */
const decode = (token: string): { header: jwt.JwtHeader; payload: jwt.JwtPayload } | null => {
  try {
    const decoded = token.length <= MAX_TICKET_CHARACTERS ? jwt.decode(token, { complete: true }) : null;
    return decoded === null || typeof decoded.payload === 'string'
      ? null
      : { ...decoded, payload: decoded.payload };
  } catch {
    // The payload is not JSON.
    return null;
  }
};

const verified = (token: string, secret: string): unknown => {
  try {
    return jwt.verify(token, secret, { algorithms: [ALGORITHM], audience: AUDIENCE });
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError)
      throw new TokenError('token_expired', 'the ticket has expired');
    throw new TokenError('signature', 'the ticket is not valid');
  }
};
