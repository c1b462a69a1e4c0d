import { eventFor } from '@claimcheck/contracts/event-for';
import type { ConversationEvent, PlainAnswer, UserAnnouncement } from '@claimcheck/contracts/socket-events';
import type { TokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import type { CatchUpAdmission } from '../feeds/catch-up-admission.ts';
import type { ConversationReader } from '../feeds/conversation-reader.ts';
import type { FeedRegistry } from '../feeds/feed-registry.ts';
import type { UserFeeds, UserListener } from '../feeds/user-feeds.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { failure } from './answers.ts';
import type { EventSender } from './event-sender.ts';
import type { MemberSocket } from './member-socket.ts';
import type { OutboundMeter } from './outbound-meter.ts';
import { type ExpiryEvents, SessionExpiry } from './session-expiry.ts';
import { Subscriptions } from './subscriptions.ts';
import { type GatewaySocket, roomOf, roomOfUser } from './types.ts';

export interface SessionDependencies {
  feeds: FeedRegistry;
  userFeeds: UserFeeds;
  reader: ConversationReader;
  admission: CatchUpAdmission;
  events: EventSender;
  verify: TokenVerifier;
  metrics: GatewayMetrics;
  maxSubscriptions: number;
}

/**
 * An authenticated socket, from its connection to its end. Its parts call its methods: closures for each would be a large part
 * of an idle connection's memory.
 */
export class Session implements MemberSocket, ExpiryEvents, UserListener {
  readonly userId: string;
  readonly subscriptions: Subscriptions;
  readonly #socket: GatewaySocket;
  readonly #meter: OutboundMeter;
  readonly #deps: SessionDependencies;
  readonly #expiry: SessionExpiry;
  /** Removals that the client already knows: both the log and the user's own subject announce each. */
  #toldRemoved: Set<string> | undefined;

  constructor(socket: GatewaySocket, meter: OutboundMeter, deps: SessionDependencies) {
    const { identity } = socket.data;
    this.userId = identity.user_id;
    this.#socket = socket;
    this.#meter = meter;
    this.#deps = deps;
    this.subscriptions = new Subscriptions(this, deps);
    this.#expiry = new SessionExpiry(identity.expires_at, this);
    void socket.join(roomOfUser(this.userId));
    deps.userFeeds.listen(this.userId, this);
  }

  /** Moves the end of the session to that of a fresh token of the same user. @throws TokenError */
  async refresh(token: string): Promise<PlainAnswer> {
    const identity = await this.#deps.verify(token);
    if (identity.user_id !== this.userId) return failure('forbidden', 'The token belongs to another user.');
    if (this.#socket.connected) {
      this.#socket.data.identity = identity;
      this.#expiry.extend(identity.expires_at);
    }
    return { ok: true };
  }

  close(): void {
    this.#expiry.stop();
    this.#deps.userFeeds.unlisten(this.userId, this);
    this.subscriptions.close();
  }

  send(event: ConversationEvent): void {
    this.#deps.events.conversationEvent(this.#socket, eventFor(event, this.userId));
    this.#deps.metrics.deliveries.inc();
  }

  get isReady(): boolean {
    return this.#meter.isReady;
  }

  ready(withinMs: number): Promise<void> {
    return this.#meter.ready(withinMs);
  }

  giveUp(): void {
    this.#meter.giveUp();
  }

  enter(conversationId: string): void {
    this.#toldRemoved?.delete(conversationId);
    void this.#socket.join(roomOf(conversationId));
  }

  exit(conversationId: string): void {
    void this.#socket.leave(roomOf(conversationId));
  }

  removedFrom(conversationId: string): void {
    if (this.#toldRemoved?.has(conversationId)) return;
    this.#toldRemoved ??= new Set();
    this.#toldRemoved.add(conversationId);
    this.#deps.events.send(this.#socket, 'conversation.removed', { conversation_id: conversationId });
  }

  onExpiring(expiresAt: Date): void {
    this.#deps.events.send(this.#socket, 'session.expiring', { expires_at: expiresAt.toISOString() });
  }

  onExpired(): void {
    this.#socket.disconnect(true);
  }

  onAnnounced({ type, conversation_id }: UserAnnouncement): void {
    if (type === 'conversation.added') {
      this.#toldRemoved?.delete(conversation_id);
      this.#deps.events.send(this.#socket, 'conversation.added', { conversation_id });
      return;
    }
    this.subscriptions.removed(conversation_id);
    this.removedFrom(conversation_id);
  }
}
