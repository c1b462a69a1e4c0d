import type {
  ClientToServerEvents,
  ServerToClientEvents,
  SubscribeAnswer,
} from '@claimcheck/contracts/socket-events';
import { io, type Socket } from 'socket.io-client';
import { backoffMs, waitForRetry } from '../backoff.ts';
import { type ClaimcheckError, errorOfCode, toClaimcheckError } from '../claimcheck-error.ts';
import type { Tokens } from '../tokens.ts';
import type { ConversationEvent } from '../wire/conversation.ts';
import type { Follower, FollowHandlers } from './follower.ts';
import { Sequence } from './sequence.ts';

const EVENT_TYPES = [
  'message.created',
  'message.updated',
  'message.deleted',
  'media.updated',
  'member.added',
  'member.removed',
] as const satisfies ConversationEvent['type'][];

const ANSWER_TIMEOUT_MS = 10_000;
// A gateway that ends loses all its clients at once. Each waits for a different part of 1.6 s before it returns, and
// then for growing times, so that the remaining gateways are not overrun.
const FIRST_RETURN_MS = 1_000;
const LONGEST_RETURN_MS = 15_000;
const returnMs = (failures: number): number =>
  Math.min(FIRST_RETURN_MS * 2 ** (failures - 1), LONGEST_RETURN_MS) * (0.2 + Math.random() * 1.6);
// A refusal comes from a living gateway, so it starts with a longer wait than a lost connection.
const refusalMs = (failures: number): number => backoffMs(failures + 2);

interface Followed {
  id: string;
  sequence: Sequence;
  isCatchingUp: boolean;
  /** Catch-ups in a row that the gateway could not answer. */
  failures: number;
  /** Events of a catch-up in progress. */
  batch: ConversationEvent[];
  /** Whether it waits for the application to load it again; until then its events would leave a hole. */
  isLost: boolean;
}

interface SessionEnd {
  wasConnected?: boolean;
  /** Whether the client itself ended it, to start another one. */
  isWanted?: boolean;
  /** Refusal by the gateway, or by the host when asked for a token. */
  refusal?: ClaimcheckError;
}

export class SocketFollower implements Follower {
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #handlers: FollowHandlers;
  readonly #tokens: Tokens;
  readonly #followed = new Map<string, Followed>();
  readonly #closed = new AbortController();
  #token = '';
  #endSession: (end: SessionEnd) => void = () => {};
  /** The latest end of a session for which the host was asked for a token. Milliseconds since 1970. */
  #renewedFor = 0;

  constructor(gatewayUrl: string, tokens: Tokens, handlers: FollowHandlers) {
    this.#handlers = handlers;
    this.#tokens = tokens;
    this.#socket = io(gatewayUrl, {
      transports: ['websocket'],
      // Two followers in one page are two sessions, perhaps of two users.
      forceNew: true,
      autoConnect: false,
      reconnection: false,
      auth: (answer) => answer({ token: this.#token }),
    });
    this.#listenToConnection();
    this.#listenToEvents();
    globalThis.addEventListener?.('online', this.#comeBack);
    void this.#stayConnected(this.#closed.signal);
  }

  follow(conversationId: string, sinceSeq: number): void {
    const followed = {
      id: conversationId,
      sequence: new Sequence(sinceSeq),
      isCatchingUp: false,
      failures: 0,
      batch: [],
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
    this.#closed.abort();
    globalThis.removeEventListener?.('online', this.#comeBack);
    this.#followed.clear();
    this.#socket.off();
    this.#socket.disconnect();
    this.#endSession({});
  }

  /** Reconnects when the network returns: an attempt in progress uses a connection that is gone. */
  readonly #comeBack = (): void => {
    if (!this.#socket.connected) this.#startAgain();
  };

  #startAgain(): void {
    this.#endSession({ isWanted: true });
    this.#socket.disconnect();
  }

  /** Runs one session after the other, each with the host's current token, until the follower is closed. */
  async #stayConnected(signal: AbortSignal): Promise<void> {
    this.#handlers.onConnectionState('connecting');
    let token: string | undefined;
    for (let failures = 0; !signal.aborted; ) {
      const end = await this.#session(token);
      token = undefined;
      if (signal.aborted) return;
      if (end.wasConnected) failures = 0;
      if (end.isWanted) continue;
      failures += 1;
      const { refusal } = end;
      if (refusal?.status === 401) token = await this.#anotherToken(refusal, failures, signal);
      else {
        this.#handlers.onConnectionState(refusal ? 'refused' : 'disconnected', refusal);
        await waitForRetry(refusal ? refusalMs(failures) : returnMs(failures), signal);
      }
    }
  }

  async #session(token?: string): Promise<SessionEnd> {
    try {
      this.#token = token ?? (await this.#tokens.get());
    } catch (error) {
      return { refusal: toClaimcheckError(error) };
    }
    const ended = Promise.withResolvers<SessionEnd>();
    this.#endSession = ended.resolve;
    if (!this.#closed.signal.aborted) this.#socket.connect();
    return ended.promise;
  }

  /** Replaces an expired token at once. If the next one is refused too, the login is over. */
  async #anotherToken(
    refusal: ClaimcheckError,
    failures: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const token = await this.#tokens.replace(this.#token);
      if (token !== undefined) return token;
    } catch (error) {
      this.#handlers.onConnectionState('refused', toClaimcheckError(error));
      await waitForRetry(refusalMs(failures), signal);
      return undefined;
    }
    this.#handlers.onConnectionState('refused', refusal);
    return this.#tokens.untilAnother(signal);
  }

  #listenToConnection(): void {
    const socket = this.#socket;
    socket.on('connect', () => {
      this.#tokens.accept();
      this.#handlers.onConnectionState('connected');
      for (const followed of this.#followed.values()) if (!followed.isLost) void this.#catchUp(followed);
    });
    socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
      const code = error.data?.code;
      socket.disconnect();
      this.#endSession(code === undefined ? {} : { refusal: errorOfCode(code) });
    });
    socket.on('disconnect', () => {
      this.#handlers.onConnectionState('disconnected');
      this.#endSession({ wasConnected: true });
    });
    socket.on('session.expiring', ({ expires_at }) => void this.#renewSession(Date.parse(expires_at)));
    // The gateway shuts down. It asks its clients one after the other, so each may reconnect at once. The client catches
    // up with events in between.
    socket.on('session.moving', () => this.#startAgain());
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
    if (verdict === 'gap') void this.#catchUp(followed);
    if (verdict !== 'next') return;
    if (followed.isCatchingUp) followed.batch.push(event);
    else this.#deliver([event]);
  }

  #deliver(events: readonly ConversationEvent[]): void {
    const { onEvents } = this.#handlers;
    if (events.length === 0) return;
    if (onEvents) onEvents.call(this.#handlers, events);
    else for (const event of events) this.#handlers.onEvent(event);
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
    if (this.#followed.get(followed.id) !== followed) return;
    this.#deliver(followed.batch.splice(0));
    this.#endCatchUp(followed, answer);
  }

  /** The missed events preceded the answer; any that are still missing will not arrive. */
  #endCatchUp(followed: Followed, answer: SubscribeAnswer | undefined): void {
    if (answer === undefined) {
      // No answer on a living connection: a fresh one catches up with everything.
      if (this.#socket.connected) this.#startAgain();
    } else if ('error' in answer) {
      this.#refused(followed, errorOfCode(answer.error.code, answer.error.message));
    } else if ('resync' in answer || answer.last_seq > followed.sequence.last || followed.sequence.hasGap) {
      this.#lose(followed);
    } else {
      followed.failures = 0;
      this.#handlers.onCaughtUp?.(followed.id);
    }
  }

  #refused(followed: Followed, error: ClaimcheckError): void {
    if (!error.retryable) {
      this.#followed.delete(followed.id);
      this.#handlers.onRefused(followed.id, error);
      return;
    }
    followed.failures += 1;
    void waitForRetry(refusalMs(followed.failures), this.#closed.signal).then(() => {
      const isCurrent = this.#followed.get(followed.id) === followed;
      if (isCurrent && this.#socket.connected) void this.#catchUp(followed);
    });
  }

  #lose(followed: Followed): void {
    if (followed.isLost) return;
    followed.isLost = true;
    this.#handlers.onResync(followed.id);
  }

  /** Asks once for each end of a session: a host without a later token must not be asked repeatedly. */
  async #renewSession(expiresAt: number): Promise<void> {
    if (expiresAt <= this.#renewedFor) return;
    this.#renewedFor = expiresAt;
    try {
      const token = await this.#tokens.fresh();
      // A refusal needs no reaction here: the gateway ends the session, and the next one starts with a new token.
      this.#socket.emit('auth:refresh', { token }, () => {});
    } catch {
      // The session ends, and the next one reports the fault of the token.
    }
  }
}
