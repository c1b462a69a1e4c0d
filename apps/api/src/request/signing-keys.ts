import type { KeyedSecret } from '@claimcheck/platform/process/config';

/** Keys of tokens that we sign ourselves: the first signs, all verify. */
export class SigningKeys {
  #current: KeyedSecret;
  #secrets: ReadonlyMap<string, string>;

  /** @throws TypeError without a key */
  constructor(keys: readonly KeyedSecret[]) {
    const [current] = keys;
    if (current === undefined) throw new TypeError('a secret is required');
    this.#current = current;
    this.#secrets = secretsOf(keys);
  }

  /** The key that signs. */
  get current(): KeyedSecret {
    return this.#current;
  }

  /** Returns the secret of a key; undefined for an unknown one. */
  secretOf(kid: string): string | undefined {
    return this.#secrets.get(kid);
  }

  /** Uses other keys from now on; an empty list changes nothing. */
  replace(keys: readonly KeyedSecret[]): void {
    const [current] = keys;
    if (current === undefined) return;
    this.#current = current;
    this.#secrets = secretsOf(keys);
  }
}

const secretsOf = (keys: readonly KeyedSecret[]): ReadonlyMap<string, string> =>
  new Map(keys.map(({ kid, secret }) => [kid, secret]));
