import { backoffMs, waitForRetry } from '../backoff.ts';
import { type ClaimcheckError, errorOfCode, toClaimcheckError } from '../claimcheck-error.ts';
import { Observable, type Readable } from '../observable.ts';
import type { Tokens } from '../tokens.ts';
import type { ConversationEvent, MediaProgress } from '../wire/conversation.ts';
import { SocketFollower } from './follow.ts';
import type { ConnectionState, Follower } from './follower.ts';

/** The connection that all conversations share; `error` says why the gateway refused it. */
export interface Connection {
  state: ConnectionState;
  error?: ClaimcheckError | undefined;
}

export interface FeedListener {
  onEvents(events: readonly ConversationEvent[]): void;
  onResync(): void;
  onRefused(error: ClaimcheckError): void;
  onProgress(progress: MediaProgress): void;
  onCaughtUp(): void;
  /** Called when the user becomes a member, perhaps again. */
  onAdded(): void;
}

interface Entry {
  listener: FeedListener;
  sinceSeq: number;
}

/** One socket for all conversations of a client. It stays open while any of them has a listener. */
export class Feed {
  readonly #tokens: Tokens;
  readonly #gatewayUrl: () => Promise<string>;
  readonly #connection = new Observable<Connection>({ state: 'disconnected' });
  readonly #entries = new Map<string, Entry>();
  #follower: Follower | undefined;
  #opening = false;
  #closed = new AbortController();

  constructor(tokens: Tokens, gatewayUrl: () => Promise<string>) {
    this.#tokens = tokens;
    this.#gatewayUrl = gatewayUrl;
  }

  get connection(): Readable<Connection> {
    return this.#connection;
  }

  isListenedTo(conversationId: string): boolean {
    return this.#entries.has(conversationId);
  }

  /** Adds a listener, and replaces an earlier one of the same conversation. */
  listen(conversationId: string, sinceSeq: number, listener: FeedListener): void {
    this.#entries.set(conversationId, { listener, sinceSeq });
    if (this.#follower) this.#follower.follow(conversationId, sinceSeq);
    else void this.#open();
  }

  leave(conversationId: string): void {
    this.#entries.delete(conversationId);
    this.#follower?.unfollow(conversationId);
    if (this.#entries.size === 0) this.close();
  }

  close(): void {
    this.#entries.clear();
    // A later listener opens the connection again.
    this.#closed.abort();
    this.#closed = new AbortController();
    this.#follower?.close();
    this.#follower = undefined;
    this.#connection.set({ state: 'disconnected' });
  }

  /** Retries while a conversation is listened to: a phone may be without a network for hours. */
  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    this.#connection.set({ state: 'connecting' });
    for (let failures = 1; this.#entries.size > 0 && !this.#follower; failures += 1) {
      try {
        const gatewayUrl = await this.#gatewayUrl();
        if (this.#entries.size > 0) this.#follow(gatewayUrl);
      } catch (thrown) {
        const error = toClaimcheckError(thrown);
        this.#connection.set({ state: 'disconnected' });
        if (error.retryable) await waitForRetry(backoffMs(failures), this.#closed.signal);
        else this.#refuseAll(error);
      }
    }
    this.#opening = false;
  }

  #refuseAll(error: ClaimcheckError): void {
    const listeners = [...this.#entries.values()];
    this.#entries.clear();
    for (const { listener } of listeners) listener.onRefused(error);
  }

  #follow(gatewayUrl: string): void {
    const listenerOf = (conversationId: string) => this.#entries.get(conversationId)?.listener;
    this.#follower = new SocketFollower(gatewayUrl, this.#tokens, {
      onEvent: (event) => listenerOf(event.conversation_id)?.onEvents([event]),
      onEvents: (events) => {
        const [first] = events;
        if (first) listenerOf(first.conversation_id)?.onEvents(events);
      },
      onResync: (id) => listenerOf(id)?.onResync(),
      onRefused: (id, error) => listenerOf(id)?.onRefused(error),
      onProgress: (progress) => listenerOf(progress.conversation_id)?.onProgress(progress),
      onCaughtUp: (id) => listenerOf(id)?.onCaughtUp(),
      onConversationAdded: (id) => listenerOf(id)?.onAdded(),
      onConversationRemoved: (id) =>
        listenerOf(id)?.onRefused(errorOfCode('forbidden', 'You are no longer a member.')),
      onConnectionState: (state, error) => this.#connection.set({ state, error }),
    });
    for (const [id, { sinceSeq }] of this.#entries) this.#follower.follow(id, sinceSeq);
  }
}
