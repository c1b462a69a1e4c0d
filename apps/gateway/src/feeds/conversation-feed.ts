import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { ConversationReader } from './conversation-reader.ts';
import { EventOrder } from './event-order.ts';
import type { FeedAudience, FeedMember } from './feed-member.ts';
import { parseConversationAnnouncement } from './parse-announcement.ts';

// Long enough for announcements that overtook each other, short enough to go unnoticed.
const GAP_PATIENCE_MS = 100;
// 25 events of 8 KiB stay below the outgoing limit of a socket, so a fill drops no healthy reader.
const FILL_PAGE = 25;
const MAX_EARLY = 64;

export interface FeedDependencies {
  reader: ConversationReader;
  audience: FeedAudience;
  /** Core NATS subscription to a conversation; returns a function that ends it. */
  follow(conversationId: string, onMessage: (data: Uint8Array) => void): () => void;
  onMalformed(conversationId: string): void;
  logger: Logger;
}

/**
 * A conversation as this process serves it. It releases every event to its members exactly once and in the order of `seq`:
 * from announcements if they arrive, and otherwise from the log.
 */
export class ConversationFeed {
  readonly conversationId: string;
  /** False when the conversation does not exist; rejects when the database does not answer. */
  readonly opened: Promise<boolean>;
  readonly #deps: FeedDependencies;
  readonly #unfollow: () => void;
  readonly #catchingUp = new Set<FeedMember>();
  readonly #live = new Set<FeedMember>();
  #order: EventOrder | undefined;
  #early: ConversationEvent[] = [];
  #filling: Promise<void> | undefined;
  #gapTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(conversationId: string, deps: FeedDependencies) {
    this.conversationId = conversationId;
    this.#deps = deps;
    // Before the position is read: commits in between are then announced to us.
    this.#unfollow = deps.follow(conversationId, (data) => this.#onMessage(data));
    this.opened = this.#open();
    // The awaiting caller handles it; a feed that was released meanwhile must not crash the process.
    this.opened.catch(() => {});
  }

  /** Last released seq; undefined until the feed is open. */
  get position(): number | undefined {
    return this.#order?.position;
  }

  /**
   * Collects released events for `member` from now on.
   * @returns the position: earlier events must be read from the log
   */
  join(member: FeedMember): number {
    if (this.#order === undefined) throw new Error('the feed is not open');
    this.#catchingUp.add(member);
    return this.#order.position;
  }

  /** The member has everything up to the position, and hears the audience from now on. */
  goLive(member: FeedMember): void {
    this.#catchingUp.delete(member);
    this.#live.add(member);
  }

  leave(member: FeedMember): void {
    this.#catchingUp.delete(member);
    this.#live.delete(member);
  }

  /** Releases everything that the log contains now. One read at a time. @throws when the database does not answer */
  fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
      this.#watchGap();
    });
    return this.#filling;
  }

  /** Fills until `seq` is released. A fill in progress may have read too early, hence up to two. */
  async catchUpTo(seq: number): Promise<void> {
    for (let tries = 0; tries < 2 && !this.#closed && (this.position ?? seq) < seq; tries += 1)
      await this.fill();
  }

  /** The conversation was erased. */
  gone(): void {
    for (const member of [...this.#catchingUp, ...this.#live]) this.#letGo(member);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#gapTimer);
    this.#unfollow();
  }

  async #open(): Promise<boolean> {
    const lastSeq = await this.#deps.reader.lastSeq(this.conversationId);
    if (lastSeq === undefined) return false;
    this.#order = new EventOrder(lastSeq);
    for (const event of this.#early) this.#take(event);
    this.#early = [];
    this.#watchGap();
    return true;
  }

  #onMessage(data: Uint8Array): void {
    const announcement = parseConversationAnnouncement(data, this.conversationId);
    if (announcement === undefined) this.#deps.onMalformed(this.conversationId);
    else if (announcement.type === 'media.progress') this.#deps.audience.progress(announcement);
    else this.#onAnnounced(announcement);
  }

  #onAnnounced(event: ConversationEvent): void {
    if (this.#order === undefined) {
      if (this.#early.length < MAX_EARLY) this.#early.push(event);
      return;
    }
    this.#take(event);
    this.#watchGap();
  }

  #take(event: ConversationEvent): void {
    for (const released of this.#order?.take(event) ?? []) this.#release(released);
  }

  #release(event: ConversationEvent): void {
    // This comes first, so that the removed user receives nothing further, not even this event.
    if (event.type === 'member.removed') this.#removeUser(event.user_id);
    for (const member of this.#catchingUp) member.collect(event);
    if (this.#live.size > 0) this.#deps.audience.event(event);
  }

  #removeUser(userId: string): void {
    for (const member of [...this.#catchingUp, ...this.#live])
      if (member.userId === userId) this.#letGo(member);
  }

  #letGo(member: FeedMember): void {
    this.leave(member);
    member.removed();
  }

  #watchGap(): void {
    if (this.#closed || !this.#order?.hasGap || this.#gapTimer || this.#filling) return;
    this.#gapTimer = setTimeout(() => {
      this.#gapTimer = undefined;
      if (!this.#order?.hasGap) return;
      this.fill().catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, conversation_id: this.conversationId }, 'a gap was not filled');
      });
    }, GAP_PATIENCE_MS);
  }

  async #fill(): Promise<void> {
    const order = this.#order;
    if (order === undefined) return;
    for (let more = true; more && !this.#closed; ) {
      const asked = order.position;
      const page = await this.#deps.reader.readLog(this.conversationId, asked, FILL_PAGE);
      if (this.#closed) return;
      if (page === undefined) return this.gone();
      // The database went back in time (restored, or the id was erased and used again).
      if (page.last_seq < asked) return this.#skipTo(order, page.last_seq);
      const next = page.events[0]?.seq ?? page.last_seq + 1;
      // Pruned: these events no longer exist.
      if (next > order.position + 1) this.#skipTo(order, next - 1);
      for (const event of page.events) this.#take(event);
      more = page.events.length === FILL_PAGE;
    }
  }

  #skipTo(order: EventOrder, position: number): void {
    order.restart(position);
    for (const member of this.#catchingUp) member.skipped();
    this.#deps.audience.resync(this.conversationId);
  }
}
