import { spread, waitForRetry } from './backoff.ts';
import { ClaimcheckError } from './claimcheck-error.ts';

/** `fresh` asks for a token other than the last one, which a server refused or which is about to expire. */
export interface TokenRequest {
  fresh: boolean;
}

/** Returns the host application's current token. The SDK calls it for each request, so it should cache. */
export type GetToken = (request?: TokenRequest) => string | Promise<string>;

const FIRST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * Holds the host's tokens, and knows which of them the servers refused. While a login is over, one caller at a time asks
 * the host for a fresh token, at growing intervals, however many requests wait for one.
 */
export class Tokens {
  readonly #getToken: GetToken;
  #current: string | undefined;
  #refused: string | undefined;
  #failures = 0;
  #mayAskAt = 0;
  #asking: Promise<string> | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(getToken: GetToken) {
    this.#getToken = getToken;
  }

  /** Whether the servers refused the last token and have accepted none since. */
  get isRefused(): boolean {
    return this.#refused !== undefined;
  }

  /** Returns the current token. Throws `token_missing`, which says what to do. */
  async get(): Promise<string> {
    const token = await this.#ask();
    // A host may return the refused token again after it returned a fresh one.
    return token === this.#refused && this.#current !== undefined ? this.#current : this.#keep(token);
  }

  /** Asks the host for another token, once for all concurrent callers. Throws `token_missing`. */
  fresh(): Promise<string> {
    this.#asking ??= this.#ask({ fresh: true })
      .then((token) => this.#keep(token))
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  /** Called when a server accepted the current token: requests that wait for a login continue. */
  accept(): void {
    this.#refused = undefined;
    this.#failures = 0;
    this.#mayAskAt = 0;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Called when a server refused a token that the host had just returned. */
  refuse(token: string): void {
    this.#refused = token;
  }

  /**
   * Records that a server refused `refused`. Returns another token, or undefined if the host has none for now. Throws
   * `token_missing`.
   */
  async replace(refused: string): Promise<string | undefined> {
    const current = this.#asking ? await this.#asking.catch(() => undefined) : this.#current;
    if (current !== undefined && current !== refused && current !== this.#refused) return current;
    this.#refused = refused;
    if (Date.now() < this.#mayAskAt) return undefined;
    this.#failures += 1;
    this.#mayAskAt = Date.now() + pauseMs(this.#failures);
    const token = await this.fresh();
    return token === refused ? undefined : token;
  }

  /** Resolves with another token than the refused one as soon as the host returns it, or undefined if `signal` aborts. */
  async untilAnother(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted && this.#refused !== undefined) {
      await this.#pause(signal);
      if (signal.aborted || this.#refused === undefined) break;
      // A host that cannot be asked now is asked again after the next pause.
      const other = await this.replace(this.#refused).catch(() => undefined);
      if (other !== undefined) return other;
    }
    return signal.aborted ? undefined : this.#current;
  }

  /** Resolves when the host may be asked again, or a server has accepted a token. */
  async #pause(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiting.add(wake);
    try {
      await waitForRetry(Math.max(this.#mayAskAt - Date.now(), 0), AbortSignal.any([signal, woken.signal]));
    } finally {
      this.#waiting.delete(wake);
    }
  }

  #keep(token: string): string {
    this.#current = token;
    return token;
  }

  async #ask(request?: TokenRequest): Promise<string> {
    const token = await this.#called(request);
    if (typeof token === 'string' && token !== '') return token;
    throw new ClaimcheckError(
      'token_missing',
      'getToken returned no token. Let it return the JWT that your backend made for the user who is logged in.',
      { retryable: true },
    );
  }

  async #called(request?: TokenRequest): Promise<unknown> {
    try {
      return await this.#getToken(request);
    } catch (cause) {
      throw new ClaimcheckError(
        'token_missing',
        `getToken failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        { retryable: true },
        { cause },
      );
    }
  }
}

const pauseMs = (failures: number): number =>
  spread(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
