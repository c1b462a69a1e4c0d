import { randomUUID } from 'node:crypto';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { z } from 'zod';

interface Count {
  hits: number;
  /** Requests counted by this process and not yet announced to the others. */
  unsent: number;
  /** Milliseconds since 1970. */
  ends_at: number;
}

export interface Counted {
  totalHits: number;
  resetTime: Date;
}

type Channel = Pick<Bus, 'announce' | 'subscribe' | 'subjects'>;

const WINDOW_MS = 60_000;
/** Shortest time between two announcements of a busy key. */
const TELL_EVERY_MS = 1_000;
/** A count is announced once it reaches this share of its limit, so that unannounced counts stay small. */
const WORTH_TELLING = 1 / 50;
/** Keeps a message far below the broker's limit. */
const KEYS_PER_MESSAGE = 1_000;

const toldSchema = z.object({
  from: z.string(),
  counts: z.array(z.tuple([z.string(), z.int().positive(), z.number()])),
});

/**
 * Counts of this minute, shared by all processes over core NATS. No request waits for another process, and a lost message
 * affects only the current minute. While the broker is down each process counts alone.
 */
export class SharedCounters {
  readonly #id = randomUUID();
  readonly #channel: Channel;
  readonly #clock: () => number;
  readonly #counts = new Map<string, Count>();
  readonly #busy = new Set<string>();
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #nextPruneAt = 0;

  constructor(channel: Channel, clock: () => number = Date.now) {
    this.#channel = channel;
    this.#clock = clock;
    this.#stopListening = channel.subscribe(channel.subjects.rateCounts, (data) => this.#hear(data));
  }

  /** @param limit of the key, which decides when to notify other processes */
  add(key: string, hits: number, limit: number): Counted {
    const count = this.#current(key, this.#clock() + WINDOW_MS);
    count.hits += hits;
    count.unsent += hits;
    if (count.unsent >= limit * WORTH_TELLING) this.#tellSoon(key);
    return { totalHits: count.hits, resetTime: new Date(count.ends_at) };
  }

  stop(): void {
    this.#stopListening();
    clearTimeout(this.#timer);
  }

  #current(key: string, endsAt: number): Count {
    const now = this.#clock();
    const known = this.#counts.get(key);
    if (known !== undefined && known.ends_at > now) return known;
    this.#prune(now);
    const count = { hits: 0, unsent: 0, ends_at: endsAt };
    this.#counts.set(key, count);
    return count;
  }

  #prune(now: number): void {
    if (now < this.#nextPruneAt) return;
    this.#nextPruneAt = now + WINDOW_MS;
    for (const [key, { ends_at }] of this.#counts) if (ends_at <= now) this.#counts.delete(key);
  }

  #tellSoon(key: string): void {
    this.#busy.add(key);
    this.#timer ??= setTimeout(() => this.#tell(), TELL_EVERY_MS).unref();
  }

  #tell(): void {
    this.#timer = undefined;
    const counts = [...this.#busy].flatMap((key) => {
      const count = this.#counts.get(key);
      if (count === undefined || count.unsent === 0) return [];
      const told = [key, count.unsent, count.ends_at];
      count.unsent = 0;
      return [told];
    });
    this.#busy.clear();
    for (let next = 0; next < counts.length; next += KEYS_PER_MESSAGE)
      this.#channel.announce(this.#channel.subjects.rateCounts, {
        from: this.#id,
        counts: counts.slice(next, next + KEYS_PER_MESSAGE),
      });
  }

  #hear(data: Uint8Array): void {
    const told = toldSchema.safeParse(parse(data));
    if (!told.success || told.data.from === this.#id) return;
    const now = this.#clock();
    // Another process's clock may differ: a minute is never longer than one here.
    for (const [key, hits, endsAt] of told.data.counts)
      if (endsAt > now) this.#current(key, Math.min(endsAt, now + WINDOW_MS)).hits += hits;
  }
}

const parse = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
};
