const WARNING_MS = 60_000;
// The longest delay of a timer; a longer one would fire at once.
const MAX_DELAY_MS = 2 ** 31 - 1;

export interface ExpiryEvents {
  onExpiring(expiresAt: Date): void;
  onExpired(): void;
}

/** Ends a session with its token, and says so a minute before (at once if the token lives shorter). */
export class SessionExpiry {
  readonly #events: ExpiryEvents;
  #expiresAtMs: number;
  #warned = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param expiresAt seconds since 1970 */
  constructor(expiresAt: number, events: ExpiryEvents) {
    this.#expiresAtMs = expiresAt * 1_000;
    this.#events = events;
    this.#arm();
  }

  extend(expiresAt: number): void {
    this.#expiresAtMs = expiresAt * 1_000;
    this.#warned = false;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#warned ? this.#expiresAtMs : this.#expiresAtMs - WARNING_MS;
    const delay = Math.min(Math.max(0, next - Date.now()), MAX_DELAY_MS);
    this.#timer = setTimeout(() => this.#onTimer(), delay);
  }

  #onTimer(): void {
    const left = this.#expiresAtMs - Date.now();
    if (left <= 0) {
      this.#events.onExpired();
      return;
    }
    if (left <= WARNING_MS && !this.#warned) {
      this.#warned = true;
      this.#events.onExpiring(new Date(this.#expiresAtMs));
    }
    this.#arm();
  }
}
