import { TokenBucket } from './token-bucket.ts';

// Generous: a whole office, or a load balancer, is one address here. It keeps one machine from spending all
// of our time on handshakes and signatures.
const HANDSHAKE_BURST = 5_000;
const HANDSHAKES_PER_SECOND = 500;
const MAX_ADDRESSES = 10_000;

/** A budget of handshakes for each peer address; remembers the addresses that were seen last. */
export class AddressBudgets {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #now: (() => number) | undefined;

  /** @param now milliseconds that only grow */
  constructor(now?: () => number) {
    this.#now = now;
  }

  take(address: string): boolean {
    const bucket =
      this.#buckets.get(address) ?? new TokenBucket(HANDSHAKE_BURST, HANDSHAKES_PER_SECOND, this.#now);
    // Put last: a Map is in the order of insertion, so the first is the one not seen for longest.
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_ADDRESSES && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket.take();
  }
}
