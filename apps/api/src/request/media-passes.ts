import { hostId, uuid } from '@claimcheck/contracts/ids';
import type { KeyedSecret } from '@claimcheck/platform/process/config';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { SigningKeys } from './signing-keys.ts';

const AUDIENCE = 'claimcheck:media';
const ALGORITHM = 'HS256';
const MAX_CHARACTERS = 1_024;

const claimsSchema = z.object({ sub: hostId, media_object_id: uuid, exp: z.int() });

/** The right to fetch one media object, for any holder of the URL: what a backend hands to a push notification. */
export interface MediaPass {
  user_id: string;
  media_object_id: string;
  expires_at: Date;
}

/**
 * Passes to one media object: our JWTs (RFC 7519) with an audience of their own, in `?t=` of media URLs.
 * Unlike a media session a pass needs no membership, opens nothing else, and ends by itself.
 */
export class MediaPasses {
  readonly #keys: SigningKeys;

  /** @param keys the first signs, all verify */
  constructor(keys: readonly KeyedSecret[]) {
    this.#keys = new SigningKeys(keys);
  }

  /** Uses other keys from now on. @param keys as for the constructor; none: nothing changes */
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

  /** The pass that a token stands for; undefined when there is none, or no longer. */
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
