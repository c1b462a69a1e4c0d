const WARNING_MS = 60_000;
// The longest delay of a timer; a longer one would fire at once.
const MAX_DELAY_MS = 2 ** 31 - 1;

export interface ExpiryEvents {
  onExpiring(expiresAt: Date): void;
  onExpired(): void;
}

/**
 * Ends a session with its token. Warns once for each later end: a minute before it, or halfway if the token lives less than
 * two minutes. A client that answers with the same token gets no further warning.
 */
export class SessionExpiry {
  readonly #events: ExpiryEvents;
  #expiresAtMs = 0;
  #warnAtMs = 0;
  #warnedForMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param expiresAt seconds since 1970 */
  constructor(expiresAt: number, events: ExpiryEvents) {
    this.#events = events;
    this.extend(expiresAt);
  }

  extend(expiresAt: number): void {
    this.#expiresAtMs = expiresAt * 1_000;
    this.#warnAtMs = this.#expiresAtMs - Math.min(WARNING_MS, (this.#expiresAtMs - Date.now()) / 2);
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  get #hasWarned(): boolean {
    return this.#expiresAtMs <= this.#warnedForMs;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#hasWarned ? this.#expiresAtMs : this.#warnAtMs;
    const delay = Math.min(Math.max(0, next - Date.now()), MAX_DELAY_MS);
    this.#timer = setTimeout(SessionExpiry.#fire, delay, this);
  }

  /** One function for all timers: a closure for each would stay with every idle connection. */
  static #fire(expiry: SessionExpiry): void {
    expiry.#onTimer();
  }

  #onTimer(): void {
    const now = Date.now();
    if (now >= this.#expiresAtMs) {
      this.#events.onExpired();
      return;
    }
    if (now >= this.#warnAtMs && !this.#hasWarned) {
      this.#warnedForMs = this.#expiresAtMs;
      this.#events.onExpiring(new Date(this.#expiresAtMs));
    }
    this.#arm();
  }
}
