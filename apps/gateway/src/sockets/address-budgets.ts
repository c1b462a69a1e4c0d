import { TokenBucket } from './token-bucket.ts';

// Generous, because a whole office or a load balancer is one address here. It prevents one machine from taking
// all of our time for handshakes and signatures.
const HANDSHAKE_BURST = 5_000;
const HANDSHAKES_PER_SECOND = 500;
const MAX_ADDRESSES = 10_000;

/** A budget of handshakes for each peer address; remembers the addresses seen most recently. */
export class AddressBudgets {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #now: (() => number) | undefined;

  /** @param now milliseconds, monotonic */
  constructor(now?: () => number) {
    this.#now = now;
  }

  take(address: string): boolean {
    const bucket =
      this.#buckets.get(address) ?? new TokenBucket(HANDSHAKE_BURST, HANDSHAKES_PER_SECOND, this.#now);
    // Inserted last: a Map keeps the order of insertion, so the first entry was not seen for longest.
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_ADDRESSES && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket.take();
  }
}
