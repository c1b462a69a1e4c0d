import { TokenBucket } from './token-bucket.ts';

const REQUEST_BURST = 1_500;
const REQUESTS_PER_SECOND = 100;

interface Budget {
  bucket: TokenBucket;
  holders: number;
}

/** One budget of requests for all sockets of a user, so that more sockets do not allow more requests. */
export class RequestBudgets {
  readonly #budgets = new Map<string, Budget>();

  /** @returns the user's bucket; call `release` once for it */
  hold(userId: string): TokenBucket {
    const budget = this.#budgets.get(userId) ?? {
      bucket: new TokenBucket(REQUEST_BURST, REQUESTS_PER_SECOND),
      holders: 0,
    };
    this.#budgets.set(userId, budget);
    budget.holders += 1;
    return budget.bucket;
  }

  release(userId: string): void {
    const budget = this.#budgets.get(userId);
    if (budget === undefined) return;
    budget.holders -= 1;
    if (budget.holders === 0) this.#budgets.delete(userId);
  }
}
