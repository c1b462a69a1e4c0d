import { ConversationFeed, type FeedDependencies } from './conversation-feed.ts';
import type { ConversationReader } from './conversation-reader.ts';

/** A feed that stays open until `release`; releasing it twice is harmless. */
export interface FeedLease {
  readonly feed: ConversationFeed;
  release(): void;
}

export interface FeedRegistryDependencies extends FeedDependencies {
  /** Called with the number of open feeds whenever it changes. */
  onCount(count: number): void;
}

interface Entry {
  feed: ConversationFeed;
  holders: number;
}

interface Known {
  feed: ConversationFeed;
  /** The position before the database was queried. */
  position: number;
}

/** Up to this many conversations are compared one by one, each second. */
const FEW = 200;
/** Interval of complete comparisons, which find what no event announces: an erased conversation, a restored database. */
const ALL_EVERY_MS = 30_000;
/** Within the time for which the database counts an event as recent. */
const LONGEST_PAUSE_MS = 5_000;

class Lease implements FeedLease {
  readonly #entry: Entry;
  readonly #onUnused: (entry: Entry) => void;
  #isReleased = false;

  /** @param onUnused called when the last lease of the entry is released */
  constructor(entry: Entry, onUnused: (entry: Entry) => void) {
    this.#entry = entry;
    this.#onUnused = onUnused;
  }

  get feed(): ConversationFeed {
    return this.#entry.feed;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#entry.holders -= 1;
    if (this.#entry.holders === 0) this.#onUnused(this.#entry);
  }
}

/** The feeds of all conversations with a local subscriber: opened for the first, closed with the last. */
export class FeedRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #deps: FeedRegistryDependencies;
  readonly #reader: ConversationReader;
  readonly #closeUnused = (entry: Entry): void => this.#close(entry.feed.conversationId, entry);
  #comparedAt: number | undefined;
  #comparedAllAt: number | undefined;

  constructor(deps: FeedRegistryDependencies) {
    this.#deps = deps;
    this.#reader = deps.reader;
  }

  acquire(conversationId: string): FeedLease {
    const entry = this.#entries.get(conversationId) ?? this.#open(conversationId);
    entry.holders += 1;
    return new Lease(entry, this.#closeUnused);
  }

  /** Makes the next comparison include all conversations: announcements may have been lost for a while. */
  compareAll(): void {
    this.#comparedAllAt = undefined;
  }

  /**
   * Compares served conversations with the database in one query, and fills those that are behind. It includes all of them if
   * they are few, periodically, and after a pause; otherwise those with a recent event.
   * @throws when the database does not answer
   */
  async reconcile(): Promise<void> {
    const known = [...this.#entries.values()].flatMap(({ feed }) =>
      feed.position === undefined ? [] : [{ feed, position: feed.position }],
    );
    if (known.length === 0) return;
    const now = performance.now();
    const isAll = known.length <= FEW || now > this.#compareAllAt(now);
    if (isAll) await this.#reconcileAll(known);
    else await this.#reconcileRecent(known);
    this.#comparedAt = now;
    if (isAll) this.#comparedAllAt = now;
  }

  #compareAllAt(now: number): number {
    const hasPaused = this.#comparedAt === undefined || now - this.#comparedAt > LONGEST_PAUSE_MS;
    if (hasPaused || this.#comparedAllAt === undefined) return 0;
    return this.#comparedAllAt + ALL_EVERY_MS;
  }

  async #reconcileAll(known: readonly Known[]): Promise<void> {
    const lastSeqs = await this.#reader.lastSeqs(known.map(({ feed }) => feed.conversationId));
    const fills = known.map(async ({ feed, position }) => {
      const lastSeq = lastSeqs.get(feed.conversationId);
      if (lastSeq === undefined) return feed.gone();
      // Lower than the position before the query: the database went back, which a fill also detects.
      if (lastSeq < position || lastSeq > (feed.position ?? lastSeq)) await feed.fill();
    });
    await Promise.all(fills);
  }

  async #reconcileRecent(known: readonly Known[]): Promise<void> {
    const recent = await this.#reader.recentSeqs();
    const behind = known.filter(({ feed }) => {
      const lastSeq = recent.get(feed.conversationId);
      return lastSeq !== undefined && lastSeq > (feed.position ?? lastSeq);
    });
    await Promise.all(behind.map(({ feed }) => feed.fill()));
  }

  close(): void {
    for (const { feed } of this.#entries.values()) feed.close();
    this.#entries.clear();
  }

  #open(conversationId: string): Entry {
    const entry = { feed: new ConversationFeed(conversationId, this.#deps), holders: 0 };
    this.#entries.set(conversationId, entry);
    this.#deps.onCount(this.#entries.size);
    return entry;
  }

  #close(conversationId: string, entry: Entry): void {
    entry.feed.close();
    // After a close of the whole registry there is nothing to forget.
    if (this.#entries.get(conversationId) !== entry) return;
    this.#entries.delete(conversationId);
    this.#deps.onCount(this.#entries.size);
  }
}
