import type { JwksClient, SigningKey } from 'jwks-rsa';

/** Age at which the set is read again. Known keys stay valid until it can be read. */
const MAX_AGE_MS = 600_000;
/** Pause between two requests: tokens with invented key ids must not cause one each. */
const COOLDOWN_MS = 5_000;
const TIMEOUT_MS = 5_000;

/** The keys cannot be read, so nothing is known about a token: neither that it is valid nor that it is not. */
export class KeysUnavailableError extends Error {}

/**
 * The host's public keys (JWK Set, RFC 7517, section 5), read when they are needed. A set that cannot be read invalidates no
 * key that is already known.
 */
export class KeySet {
  readonly #read: () => Promise<SigningKey[]>;
  #keys = new Map<string, SigningKey>();
  #readAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #reading: Promise<void> | undefined;

  constructor(url: string) {
    let client: JwksClient | undefined;
    this.#read = async () => {
      // Only processes with a key set load it.
      const { default: jwksClient } = await import('jwks-rsa');
      client ??= jwksClient({ jwksUri: url, cache: false, rateLimit: false, timeout: TIMEOUT_MS });
      return client.getSigningKeys();
    };
  }

  /**
   * @param id the token's `kid`; without one there must be a single key
   * @returns the key as PEM; undefined when it is not in the set
   * @throws KeysUnavailableError
   */
  async find(id: string | undefined): Promise<string | undefined> {
    const isFresh = performance.now() - this.#readAt < MAX_AGE_MS;
    const refreshed = isFresh && this.#known(id) !== undefined ? undefined : this.#refresh();
    // A token with a known key does not wait for an outdated set: its server may be silent.
    if (this.#known(id) === undefined) await refreshed;
    const key = this.#known(id);
    if (key === undefined && this.#failure !== undefined)
      throw new KeysUnavailableError('the JWKS cannot be read', { cause: this.#failure });
    return key?.getPublicKey();
  }

  #known(id: string | undefined): SigningKey | undefined {
    if (id !== undefined) return this.#keys.get(id);
    return this.#keys.size === 1 ? this.#keys.values().next().value : undefined;
  }

  async #refresh(): Promise<void> {
    if (this.#reading === undefined && performance.now() - this.#askedAt < COOLDOWN_MS) return;
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #ask(): Promise<void> {
    this.#askedAt = performance.now();
    try {
      const keys = await this.#read();
      this.#keys = new Map(keys.map((key) => [key.kid, key]));
      this.#readAt = performance.now();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      // The pause starts now: a server that was silent for as long as that would be asked again at once.
      this.#askedAt = performance.now();
    }
  }
}
