import { eventFor } from '@claimcheck/contracts/event-for';
import type { PlainAnswer, UserAnnouncement } from '@claimcheck/contracts/socket-events';
import type { TokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import type { CatchUpAdmission } from '../feeds/catch-up-admission.ts';
import type { ConversationReader } from '../feeds/conversation-reader.ts';
import type { FeedRegistry } from '../feeds/feed-registry.ts';
import type { UserFeeds } from '../feeds/user-feeds.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { failure } from './answers.ts';
import type { EventSender } from './event-sender.ts';
import type { MemberSocket } from './member-socket.ts';
import type { OutboundMeter } from './outbound-meter.ts';
import { SessionExpiry } from './session-expiry.ts';
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

/** An authenticated socket, from its connection to its end. */
export class Session {
  readonly userId: string;
  readonly subscriptions: Subscriptions;
  readonly #socket: GatewaySocket;
  readonly #deps: SessionDependencies;
  readonly #expiry: SessionExpiry;
  readonly #stopListening: () => void;
  /** Removals that the client already knows: both the log and the user's own subject announce each. */
  readonly #toldRemoved = new Set<string>();

  constructor(socket: GatewaySocket, meter: OutboundMeter, deps: SessionDependencies) {
    const { identity } = socket.data;
    this.userId = identity.user_id;
    this.#socket = socket;
    this.#deps = deps;
    this.subscriptions = new Subscriptions({
      feeds: deps.feeds,
      reader: deps.reader,
      admission: deps.admission,
      maxSubscriptions: deps.maxSubscriptions,
      socket: this.#memberSocket(meter),
    });
    this.#expiry = new SessionExpiry(identity.expires_at, {
      onExpiring: (at) => deps.events.send(socket, 'session.expiring', { expires_at: at.toISOString() }),
      onExpired: () => socket.disconnect(true),
    });
    void socket.join(roomOfUser(this.userId));
    this.#stopListening = deps.userFeeds.listen(this.userId, (announcement) => this.#onUser(announcement));
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
    this.#stopListening();
    this.subscriptions.close();
  }

  #memberSocket(meter: OutboundMeter): MemberSocket {
    const socket = this.#socket;
    return {
      userId: this.userId,
      send: (event) => {
        this.#deps.events.conversationEvent(socket, eventFor(event, this.userId));
        this.#deps.metrics.deliveries.inc();
      },
      get isReady() {
        return meter.isReady;
      },
      ready: (withinMs) => meter.ready(withinMs),
      giveUp: () => meter.giveUp(),
      enter: (conversationId) => {
        this.#toldRemoved.delete(conversationId);
        void socket.join(roomOf(conversationId));
      },
      exit: (conversationId) => void socket.leave(roomOf(conversationId)),
      removedFrom: (conversationId) => this.#tellRemoved(conversationId),
    };
  }

  #onUser({ type, conversation_id }: UserAnnouncement): void {
    if (type === 'conversation.added') {
      this.#toldRemoved.delete(conversation_id);
      this.#deps.events.send(this.#socket, 'conversation.added', { conversation_id });
      return;
    }
    this.subscriptions.removed(conversation_id);
    this.#tellRemoved(conversation_id);
  }

  #tellRemoved(conversationId: string): void {
    if (this.#toldRemoved.has(conversationId)) return;
    this.#toldRemoved.add(conversationId);
    this.#deps.events.send(this.#socket, 'conversation.removed', { conversation_id: conversationId });
  }
}
