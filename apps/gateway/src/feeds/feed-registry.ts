import { ConversationFeed, type FeedDependencies } from './conversation-feed.ts';
import type { ConversationReader } from './conversation-reader.ts';

/** A feed that stays open until `release`; releasing twice is harmless. */
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

/** The feeds of all conversations with a local subscriber: opened for the first, closed with the last. */
export class FeedRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #deps: FeedRegistryDependencies;
  readonly #reader: ConversationReader;

  constructor(deps: FeedRegistryDependencies) {
    this.#deps = deps;
    this.#reader = deps.reader;
  }

  acquire(conversationId: string): FeedLease {
    const entry = this.#entries.get(conversationId) ?? this.#open(conversationId);
    entry.holders += 1;
    let released = false;
    return {
      feed: entry.feed,
      release: () => {
        if (released) return;
        released = true;
        entry.holders -= 1;
        if (entry.holders === 0) this.#close(conversationId, entry);
      },
    };
  }

  /**
   * Compares all served conversations with the database in one query and fills what is behind.
   * @throws when the database does not answer
   */
  async reconcile(): Promise<void> {
    const known = [...this.#entries.values()].flatMap(({ feed }) =>
      feed.position === undefined ? [] : [{ feed, position: feed.position }],
    );
    if (known.length === 0) return;
    const lastSeqs = await this.#reader.lastSeqs(known.map(({ feed }) => feed.conversationId));
    const fills = known.map(async ({ feed, position }) => {
      const lastSeq = lastSeqs.get(feed.conversationId);
      if (lastSeq === undefined) return feed.gone();
      // Lower than what was released before we asked: the database went back, which a fill finds out too.
      if (lastSeq < position || lastSeq > (feed.position ?? lastSeq)) await feed.fill();
    });
    await Promise.all(fills);
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
