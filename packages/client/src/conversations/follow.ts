import type {
  ClientToServerEvents,
  ServerToClientEvents,
  SubscribeAnswer,
} from '@claimcheck/contracts/socket-events';
import { io, type Socket } from 'socket.io-client';
import { type ClaimcheckError, errorOfCode } from '../claimcheck-error.ts';
import type { GetToken } from '../http.ts';
import type { ConversationEvent, MediaProgress } from '../wire/conversation.ts';
import { Sequence } from './sequence.ts';

export type ConnectionState = 'connecting' | 'connected' | 'disconnected' | 'refused';

export interface FollowHandlers {
  /** Each event of the followed conversations once, in order. */
  onEvent(event: ConversationEvent): void;
  /** Too much was missed: load the conversation again, then `follow` it from its new last seq. */
  onResync(conversationId: string): void;
  /** The conversation is not followed (any longer): not a member, or it does not exist. */
  onRefused(conversationId: string, error: ClaimcheckError): void;
  onConversationAdded(conversationId: string): void;
  onConversationRemoved(conversationId: string): void;
  onConnectionState(state: ConnectionState): void;
  /** Volatile: may be lost, carries no seq. */
  onProgress?(progress: MediaProgress): void;
  /** All that was missed has been delivered. */
  onCaughtUp?(conversationId: string): void;
}

export interface Follower {
  /** Delivers what came after `sinceSeq` and all that comes; replaces an earlier call for the same conversation. */
  follow(conversationId: string, sinceSeq: number): void;
  unfollow(conversationId: string): void;
  close(): void;
}

const EVENT_TYPES = [
  'message.created',
  'message.deleted',
  'media.updated',
  'member.added',
  'member.removed',
] as const satisfies ConversationEvent['type'][];

const ANSWER_TIMEOUT_MS = 10_000;
const RETRY_MS = 3_000;
// A gateway that ends loses all its clients at once: each waits for its own part of 1.6 s before it comes back,
// then longer and longer, so that the others are not overrun.
const RECONNECTION = { reconnectionDelay: 1_000, reconnectionDelayMax: 15_000, randomizationFactor: 0.8 };

interface Followed {
  id: string;
  sequence: Sequence;
  isCatchingUp: boolean;
  /** Waits for the application to load it again; its events would leave a hole. */
  isLost: boolean;
}

export class SocketFollower implements Follower {
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #handlers: FollowHandlers;
  readonly #getToken: GetToken;
  /** The gateway has refused the last token. */
  #needsFresh = false;
  readonly #followed = new Map<string, Followed>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(gatewayUrl: string, getToken: GetToken, handlers: FollowHandlers) {
    this.#handlers = handlers;
    this.#getToken = getToken;
    this.#socket = io(gatewayUrl, {
      transports: ['websocket'],
      // Two followers in one page are two sessions, perhaps of two users.
      forceNew: true,
      ...RECONNECTION,
      auth: (answer) => void this.#token().then((token) => answer({ token })),
    });
    this.#listenToConnection();
    this.#listenToEvents();
    globalThis.addEventListener?.('online', this.#comeBack);
  }

  follow(conversationId: string, sinceSeq: number): void {
    const followed = {
      id: conversationId,
      sequence: new Sequence(sinceSeq),
      isCatchingUp: false,
      isLost: false,
    };
    this.#followed.set(conversationId, followed);
    if (this.#socket.connected) void this.#catchUp(followed);
  }

  unfollow(conversationId: string): void {
    if (this.#followed.delete(conversationId) && this.#socket.connected) {
      this.#socket.emit('unsubscribe', { conversation_id: conversationId }, () => {});
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    globalThis.removeEventListener?.('online', this.#comeBack);
    this.#followed.clear();
    this.#socket.off();
    this.#socket.disconnect();
  }

  /** With the network: the next attempt may be half a minute away, and one under way hangs on what is gone. */
  readonly #comeBack = (): void => {
    if (!this.#socket.connected) this.#socket.disconnect().connect();
  };

  /** A host that has no token now gets the gateway's refusal, and is asked again at the next attempt. */
  async #token(): Promise<string> {
    const request = this.#needsFresh ? { fresh: true } : undefined;
    try {
      return await this.#getToken(request);
    } catch {
      return '';
    }
  }

  #listenToConnection(): void {
    const socket = this.#socket;
    this.#handlers.onConnectionState('connecting');
    socket.on('connect', () => {
      this.#needsFresh = false;
      this.#handlers.onConnectionState('connected');
      for (const followed of this.#followed.values()) if (!followed.isLost) void this.#catchUp(followed);
    });
    // An inactive socket was turned away by the gateway and does not come back by itself; the next
    // attempt brings a new token.
    socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
      const code = error.data?.code;
      this.#needsFresh ||= code === 'unauthorized' || code === 'token_expired';
      this.#handlers.onConnectionState(socket.active ? 'disconnected' : 'refused');
      if (!socket.active) this.#later(() => socket.connect());
    });
    socket.on('disconnect', () => {
      this.#handlers.onConnectionState('disconnected');
      if (!socket.active) this.#later(() => socket.connect());
    });
    socket.on('session.expiring', () => void this.#refreshToken());
    // The gateway goes away. It asks its clients one after the other, so each may come back at once; what
    // happens in between is caught up with.
    socket.on('session.moving', () => socket.disconnect().connect());
  }

  #listenToEvents(): void {
    const socket = this.#socket;
    for (const type of EVENT_TYPES) {
      socket.on(type, (event: Omit<ConversationEvent, 'type'>) =>
        this.#receive({ ...event, type } as ConversationEvent),
      );
    }
    socket.on('media.progress', (progress) => this.#handlers.onProgress?.(progress));
    socket.on('conversation.added', (event) => this.#handlers.onConversationAdded(event.conversation_id));
    socket.on('conversation.removed', (event) => {
      this.#followed.delete(event.conversation_id);
      this.#handlers.onConversationRemoved(event.conversation_id);
    });
    socket.on('resync', (event) => {
      const followed = this.#followed.get(event.conversation_id);
      if (followed) this.#lose(followed);
    });
  }

  #receive(event: ConversationEvent): void {
    const followed = this.#followed.get(event.conversation_id);
    if (!followed || followed.isLost) return;
    const verdict = followed.sequence.offer(event.seq);
    if (verdict === 'next') this.#handlers.onEvent(event);
    if (verdict === 'gap') void this.#catchUp(followed);
  }

  async #catchUp(followed: Followed): Promise<void> {
    if (followed.isCatchingUp) return;
    followed.isCatchingUp = true;
    const input = { conversation_id: followed.id, since_seq: followed.sequence.last };
    const answer = await this.#socket
      .timeout(ANSWER_TIMEOUT_MS)
      .emitWithAck('subscribe', input)
      .catch(() => undefined);
    followed.isCatchingUp = false;
    if (this.#followed.get(followed.id) === followed) this.#settle(followed, answer);
  }

  /** The missed events came before the answer; what is still missing then will not come. */
  #settle(followed: Followed, answer: SubscribeAnswer | undefined): void {
    if (answer === undefined) {
      // No answer on a living connection: a fresh one catches up with everything.
      if (this.#socket.connected) this.#socket.disconnect().connect();
    } else if ('error' in answer) {
      this.#refused(followed, errorOfCode(answer.error.code, answer.error.message));
    } else if ('resync' in answer || answer.last_seq > followed.sequence.last || followed.sequence.hasGap) {
      this.#lose(followed);
    } else {
      this.#handlers.onCaughtUp?.(followed.id);
    }
  }

  #refused(followed: Followed, error: ClaimcheckError): void {
    if (error.retryable) {
      this.#later(() => {
        const isCurrent = this.#followed.get(followed.id) === followed;
        if (isCurrent && this.#socket.connected) void this.#catchUp(followed);
      });
    } else {
      this.#followed.delete(followed.id);
      this.#handlers.onRefused(followed.id, error);
    }
  }

  #lose(followed: Followed): void {
    if (followed.isLost) return;
    followed.isLost = true;
    this.#handlers.onResync(followed.id);
  }

  async #refreshToken(): Promise<void> {
    const token = await this.#token();
    // A refusal needs no answer here: the gateway ends the session and the reconnect brings a new token.
    this.#socket.emit('auth:refresh', { token }, () => {});
  }

  #later(action: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        action();
      },
      RETRY_MS * (0.5 + Math.random()),
    );
    this.#timers.add(timer);
  }
}
