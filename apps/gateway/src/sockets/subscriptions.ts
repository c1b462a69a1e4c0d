import { LIMITS } from '@claimcheck/contracts/limits';
import type { SubscribeAllAnswer, SubscribeAnswer } from '@claimcheck/contracts/socket-events';
import { Semaphore } from '@claimcheck/platform/process/semaphore';
import type { CatchUpAdmission } from '../feeds/catch-up-admission.ts';
import type { ConversationReader } from '../feeds/conversation-reader.ts';
import type { FeedRegistry } from '../feeds/feed-registry.ts';
import { failure } from './answers.ts';
import type { MemberSocket } from './member-socket.ts';
import { Subscription, type SubscriptionDependencies } from './subscription.ts';

// Catch-ups of one socket at a time, so that a user with a thousand conversations does not delay the others.
const PARALLEL_STARTS = 8;

export interface SubscriptionsDependencies {
  feeds: FeedRegistry;
  reader: ConversationReader;
  admission: CatchUpAdmission;
  maxSubscriptions: number;
}

/** The subscriptions of one socket: at most one for each conversation. */
export class Subscriptions {
  readonly #byConversation = new Map<string, Subscription>();
  readonly #maxSubscriptions: number;
  readonly #deps: SubscriptionDependencies;
  readonly #starts = new Semaphore(PARALLEL_STARTS);
  #closed = false;

  constructor(
    socket: MemberSocket,
    { feeds, reader, admission, maxSubscriptions }: SubscriptionsDependencies,
  ) {
    this.#maxSubscriptions = maxSubscriptions;
    this.#deps = { feeds, reader, admission, socket, onEnded: (ended) => this.#forget(ended) };
  }

  /** Replaces a subscription of the same conversation. @throws when the database does not answer */
  async subscribe(conversationId: string, sinceSeq: number | undefined): Promise<SubscribeAnswer> {
    this.unsubscribe(conversationId);
    if (this.#closed) return failure('invalid_request', 'The connection is closed.');
    if (this.#byConversation.size >= this.#maxSubscriptions)
      return failure('too_large', 'This connection has too many subscriptions.');
    if (this.#deps.admission.isFull) return failure('unavailable', 'Too many are catching up; try again.');
    const subscription = new Subscription(conversationId, this.#deps);
    this.#byConversation.set(conversationId, subscription);
    let isLive = false;
    try {
      const answer = await this.#starts.run(() => subscription.start(sinceSeq));
      isLive = 'ok' in answer;
      return answer;
    } finally {
      if (!isLive) this.#forget(subscription);
    }
  }

  /**
   * Subscribes to a page of the user's conversations. Also answers for each requested one that is not the user's.
   * @param after the last id of the previous page
   * @throws when the database does not answer
   */
  async subscribeAll(
    since: Readonly<Record<string, number>>,
    after: string | undefined,
  ): Promise<SubscribeAllAnswer> {
    const own = await this.#deps.reader.conversationIdsOf(this.#deps.socket.userId);
    const all = [...new Set([...own, ...Object.keys(since)])].filter(
      (id) => after === undefined || id > after,
    );
    // In the order in which every client sorts: by code units, not by the database's collation.
    const page = all.sort().slice(0, LIMITS.subscribeAllPage);
    const answers = await Promise.all(
      page.map(async (id) => [
        id,
        await this.subscribe(id, Object.hasOwn(since, id) ? since[id] : undefined),
      ]),
    );
    const last = page.at(-1);
    const conversations = Object.fromEntries(answers);
    return all.length > page.length && last !== undefined
      ? { ok: true, conversations, next: last }
      : { ok: true, conversations };
  }

  unsubscribe(conversationId: string): void {
    const subscription = this.#byConversation.get(conversationId);
    if (subscription === undefined) return;
    subscription.end();
    this.#byConversation.delete(conversationId);
  }

  /** The user is no longer a member. A subscription that is just starting checks again, and answers by the outcome. */
  removed(conversationId: string): void {
    this.#byConversation.get(conversationId)?.removed();
  }

  /** Ends all subscriptions; later requests are refused. */
  close(): void {
    this.#closed = true;
    for (const conversationId of [...this.#byConversation.keys()]) this.unsubscribe(conversationId);
  }

  #forget(subscription: Subscription): void {
    const { conversationId } = subscription;
    if (this.#byConversation.get(conversationId) === subscription)
      this.#byConversation.delete(conversationId);
  }
}
