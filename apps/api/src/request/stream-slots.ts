import { ProblemError } from '../problem-error.ts';

const RETRY_AFTER_MS = 2_000;

export interface StreamLimits {
  /** Streams of one user at once. */
  perUser: number;
  /** Streams of all users at once: connections to the storage that this process may hold for them. */
  total: number;
  /** Time that a stream waits for another to end. */
  waitMs: number;
}

/**
 * Limits the connections that proxied downloads hold, so that one user's viewers cannot take them all. Refuses a user's
 * excess at once; when all are taken, a stream waits for a moment.
 */
export class StreamSlots {
  readonly #limits: StreamLimits;
  readonly #ofUser = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** Number of streams that hold a slot now. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a slot.
   *
   * @returns a function that releases it; call it once
   * @throws ProblemError `rate_limited` at the user's maximum; `unavailable` when no slot becomes free in time
   */
  async take(userId: string): Promise<() => void> {
    const own = this.#ofUser.get(userId) ?? 0;
    if (own >= this.#limits.perUser)
      throw new ProblemError('rate_limited', {
        detail: `At most ${this.#limits.perUser} downloads at once are served to one user.`,
        retry_after_ms: RETRY_AFTER_MS,
      });
    this.#ofUser.set(userId, own + 1);
    try {
      if (this.#taken >= this.#limits.total) await this.#untilFree();
    } catch (error) {
      this.#leave(userId);
      throw error;
    }
    this.#taken += 1;
    return () => {
      this.#taken -= 1;
      this.#leave(userId);
      const [next] = this.#waiting;
      next?.();
    };
  }

  #leave(userId: string): void {
    const left = (this.#ofUser.get(userId) ?? 1) - 1;
    if (left === 0) this.#ofUser.delete(userId);
    else this.#ofUser.set(userId, left);
  }

  #untilFree(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        end();
      };
      const wake = () => settle(resolve);
      const timer = setTimeout(
        () =>
          settle(() =>
            reject(
              new ProblemError('unavailable', {
                detail: 'Too many downloads are being served.',
                retry_after_ms: RETRY_AFTER_MS,
              }),
            ),
          ),
        this.#limits.waitMs,
      );
      this.#waiting.add(wake);
    });
  }
}
