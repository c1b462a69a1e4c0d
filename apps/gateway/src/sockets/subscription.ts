import { LIMITS } from '@claimcheck/contracts/limits';
import type { ConversationEvent, SubscribeAnswer } from '@claimcheck/contracts/socket-events';
import type { LogPage } from '@claimcheck/database/conversation-log';
import type { CatchUpAdmission } from '../feeds/catch-up-admission.ts';
import type { ConversationFeed } from '../feeds/conversation-feed.ts';
import type { ConversationReader } from '../feeds/conversation-reader.ts';
import type { FeedMember } from '../feeds/feed-member.ts';
import type { FeedLease, FeedRegistry } from '../feeds/feed-registry.ts';
import { failure } from './answers.ts';
import type { MemberSocket } from './member-socket.ts';

const REPLAY_PAGE = 100;
// Events collected while the log is replayed. Beyond this number the log is read again, so that memory stays bounded.
const MAX_COLLECTED = 256;
// Largest number of repeated checks for a user who is removed and added again during catch-up.
const MAX_TRIES = 3;
// Time for which a page is kept for a client that pauses; then it is dropped, and read again.
const HOLD_MS = 1_000;
// More than a heartbeat may take. A heartbeat also waits behind unread data, so an honest client this slow is already
// disconnected.
const READ_WITHIN_MS = 60_000;

export interface SubscriptionDependencies {
  feeds: FeedRegistry;
  reader: ConversationReader;
  admission: CatchUpAdmission;
  socket: MemberSocket;
  /** Not called when another component ended the subscription. */
  onEnded(subscription: Subscription): void;
}

class Interrupted extends Error {}

/**
 * One socket's subscription to one conversation: first missed events, from the log; then events released meanwhile; then live
 * ones. The cut-over loses and repeats no event.
 */
export class Subscription implements FeedMember {
  readonly conversationId: string;
  readonly userId: string;
  readonly #deps: SubscriptionDependencies;
  #state: 'catching-up' | 'removed' | 'live' | 'ended' = 'catching-up';
  #lease: FeedLease | undefined;
  /** Last seq that the client has; valid once the replay has started. */
  #cursor = 0;
  #hasStarted = false;
  /** Later events are collected; events up to here come from the log. */
  #floor = 0;
  #collected: ConversationEvent[] = [];
  #overflowed = false;
  /** Events being sent, from the log or from the collected ones. */
  #sending: ConversationEvent[] = [];
  #resync = false;

  constructor(conversationId: string, deps: SubscriptionDependencies) {
    this.conversationId = conversationId;
    this.userId = deps.socket.userId;
    this.#deps = deps;
  }

  /**
   * @param sinceSeq last seq that the client has; without it only future events are sent
   * @throws when the database does not answer; then the subscription has ended
   */
  start(sinceSeq: number | undefined): Promise<SubscribeAnswer> {
    return this.#deps.admission.run(() => this.#start(sinceSeq));
  }

  /** Sends nothing from now on. */
  end(): void {
    if (this.#state === 'live') this.#deps.socket.exit(this.conversationId);
    this.#state = 'ended';
    this.#release();
  }

  collect(event: ConversationEvent): void {
    // After the first event that did not fit, none is kept: events after a hole are useless.
    if (this.#overflowed || this.#collected.length >= MAX_COLLECTED) this.#overflowed = true;
    else this.#collected.push(event);
  }

  skipped(): void {
    this.#resync = true;
  }

  removed(): void {
    if (this.#state === 'catching-up') {
      this.#state = 'removed';
      return;
    }
    if (this.#state !== 'live') return;
    this.end();
    this.#deps.socket.removedFrom(this.conversationId);
    this.#deps.onEnded(this);
  }

  async #start(sinceSeq: number | undefined): Promise<SubscribeAnswer> {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await this.#attempt(this.#hasStarted ? this.#cursor : sinceSeq);
        if ('error' in answer) this.end();
        return answer;
      } catch (error) {
        const state = this.#state;
        this.#release();
        if (!(error instanceof Interrupted) || state !== 'removed' || tries === MAX_TRIES) {
          this.#state = 'ended';
          if (!(error instanceof Interrupted)) throw error;
          if (state === 'removed') return failure('not_found');
          return failure('invalid_request', 'A later request ended this subscription.');
        }
        this.#state = 'catching-up';
      }
    }
  }

  async #attempt(sinceSeq: number | undefined): Promise<SubscribeAnswer> {
    const { feeds, reader } = this.#deps;
    // Ended while it waited for its turn.
    this.#check();
    this.#lease = feeds.acquire(this.conversationId);
    const { feed } = this.#lease;
    const exists = await feed.opened;
    this.#check();
    if (!exists) return failure('not_found');
    // Before the membership check: a removal after the check then arrives through the feed.
    this.#collectFrom(feed.join(this));
    const isMember = await reader.isMember(this.conversationId, this.userId);
    this.#check();
    if (!isMember) return failure('not_found');

    const log = await this.#readLog(sinceSeq ?? this.#floor);
    if (log === undefined) return failure('not_found');
    // The answer must include events that are committed but not announced.
    await feed.catchUpTo(log.last_seq);
    this.#check();
    const mayReplay = sinceSeq !== undefined && canReplay(sinceSeq, log);
    if (mayReplay) {
      this.#cursor = sinceSeq;
      this.#hasStarted = true;
      // An event may be released between the end of a replay and the line after it.
      do await this.#replay(feed);
      while (this.#hasMore);
      this.#check();
    }
    return this.#goLive(feed, sinceSeq !== undefined && !mayReplay);
  }

  /** Sends log and collected events until the client has caught up with the feed. */
  async #replay(feed: ConversationFeed): Promise<void> {
    for (;;) {
      while (this.#cursor < this.#floor && !this.#resync) {
        // Pruned during the read.
        if (this.#sending[0]?.seq !== this.#cursor + 1) this.#resync = true;
        else await this.#send();
        if (this.#cursor < this.#floor && !this.#resync) await this.#readLog(this.#cursor);
      }
      if (this.#resync) return;
      if (this.#collected.length > 0) {
        this.#sending = this.#collected.splice(0);
        await this.#send();
      } else if (!this.#overflowed) return;
      else {
        this.#collectFrom(feed.position ?? this.#floor);
        await this.#readLog(this.#cursor);
      }
    }
  }

  /** Prepares the next page. @returns the bounds of the log; undefined when there is none */
  async #readLog(sinceSeq: number): Promise<Pick<LogPage, 'pruned_seq' | 'last_seq'> | undefined> {
    const page = await this.#deps.reader.readLog(this.conversationId, sinceSeq, REPLAY_PAGE);
    this.#check();
    this.#sending = page?.events.filter((event) => event.seq <= this.#floor) ?? [];
    return page && { pruned_seq: page.pruned_seq, last_seq: page.last_seq };
  }

  async #send(): Promise<void> {
    while (this.#sending.length > 0) {
      if (!this.#deps.socket.isReady) {
        await this.#deps.admission.aside(() => this.#untilRead());
        this.#check();
        continue;
      }
      const event = this.#sending.shift();
      if (event === undefined || event.seq <= this.#cursor) continue;
      this.#deps.socket.send(event);
      this.#cursor = event.seq;
    }
  }

  async #untilRead(): Promise<void> {
    const { socket } = this.#deps;
    await socket.ready(HOLD_MS);
    if (socket.isReady) return;
    // Many clients that do not read must not fill the memory: the log keeps their events.
    this.#sending = [];
    this.#collected = [];
    this.#overflowed = true;
    await socket.ready(READ_WITHIN_MS);
    if (!socket.isReady) socket.giveUp();
  }

  /** Nothing in here may wait: an event released meanwhile would reach neither the buffer nor the room. */
  #goLive(feed: ConversationFeed, isUnknown: boolean): SubscribeAnswer {
    this.#collected = [];
    this.#sending = [];
    feed.goLive(this);
    this.#deps.socket.enter(this.conversationId);
    this.#state = 'live';
    if (isUnknown || this.#resync) return { ok: true, resync: true };
    return { ok: true, last_seq: feed.position ?? this.#floor };
  }

  get #hasMore(): boolean {
    return !this.#resync && (this.#collected.length > 0 || this.#overflowed);
  }

  #collectFrom(position: number): void {
    this.#floor = position;
    this.#collected = [];
    this.#overflowed = false;
  }

  #check(): void {
    if (this.#state !== 'catching-up') throw new Interrupted();
  }

  #release(): void {
    this.#lease?.feed.leave(this);
    this.#lease?.release();
    this.#lease = undefined;
    this.#collected = [];
    this.#sending = [];
  }
}

/** Whether it is in the log, not ahead of it, and not so far behind that a page of messages would be cheaper. */
const canReplay = (
  sinceSeq: number,
  { pruned_seq, last_seq }: Pick<LogPage, 'pruned_seq' | 'last_seq'>,
): boolean => sinceSeq >= pruned_seq && sinceSeq <= last_seq && last_seq - sinceSeq <= LIMITS.replayEvents;
