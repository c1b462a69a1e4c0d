import { hostId, uuid } from '@claimcheck/contracts/ids';
import type { KeyedSecret } from '@claimcheck/platform/process/config';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { SigningKeys } from './signing-keys.ts';

const AUDIENCE = 'claimcheck:media';
const ALGORITHM = 'HS256';
const MAX_CHARACTERS = 1_024;

const claimsSchema = z.object({ sub: hostId, media_object_id: uuid, exp: z.int() });

/** The right of any holder of a URL to fetch one media object. Backends put it into push notifications. */
export interface MediaPass {
  user_id: string;
  media_object_id: string;
  expires_at: Date;
}

/**
 * Signs and verifies passes to one media object: JWTs that we sign (RFC 7519), with their own audience, in `?t=` of media URLs.
 * Unlike a media session, a pass needs no membership, opens nothing else, and expires.
 */
export class MediaPasses {
  readonly #keys: SigningKeys;

  /** @param keys the first signs, all verify */
  constructor(keys: readonly KeyedSecret[]) {
    this.#keys = new SigningKeys(keys);
  }

  /** Uses other keys from now on. @param keys as for the constructor; an empty list changes nothing */
  replaceKeys(keys: readonly KeyedSecret[]): void {
    this.#keys.replace(keys);
  }

  sign({ user_id, media_object_id, expires_at }: MediaPass): string {
    const exp = Math.floor(expires_at.getTime() / 1_000);
    return jwt.sign({ media_object_id, exp }, this.#keys.current.secret, {
      algorithm: ALGORITHM,
      keyid: this.#keys.current.kid,
      audience: AUDIENCE,
      subject: user_id,
      noTimestamp: true,
    });
  }

  /** Returns the pass in a token; undefined if it is none, or has expired. */
  verify(token: string): MediaPass | undefined {
    if (token.length > MAX_CHARACTERS) return undefined;
    const secret = this.#keys.secretOf(jwt.decode(token, { complete: true })?.header.kid ?? '');
    if (secret === undefined) return undefined;
    try {
      const claims = jwt.verify(token, secret, { algorithms: [ALGORITHM], audience: AUDIENCE });
      const { sub, media_object_id, exp } = claimsSchema.parse(claims);
      return { user_id: sub, media_object_id, expires_at: new Date(exp * 1_000) };
    } catch {
      return undefined;
    }
  }
}
