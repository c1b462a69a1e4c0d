import { backoffMs, waitForRetry } from '../backoff.ts';
import { type ClaimcheckError, errorOfCode, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable, type Readable } from '../observable.ts';
import type { ConversationEvent, MediaProgress } from '../wire/conversation.ts';
import { type ConnectionState, type Follower, SocketFollower } from './follow.ts';

export interface FeedListener {
  onEvent(event: ConversationEvent): void;
  onResync(): void;
  onRefused(error: ClaimcheckError): void;
  onProgress(progress: MediaProgress): void;
  onCaughtUp(): void;
}

interface Entry {
  listener: FeedListener;
  sinceSeq: number;
}

/** One socket for all conversations of a client, open while one of them is listened to. */
export class Feed {
  readonly #http: Http;
  readonly #gatewayUrl: () => Promise<string>;
  readonly #connection = new Observable<ConnectionState>('disconnected');
  readonly #entries = new Map<string, Entry>();
  #follower: Follower | undefined;
  #opening = false;
  #closed = new AbortController();

  constructor(http: Http, gatewayUrl: () => Promise<string>) {
    this.#http = http;
    this.#gatewayUrl = gatewayUrl;
  }

  get connection(): Readable<ConnectionState> {
    return this.#connection;
  }

  isListenedTo(conversationId: string): boolean {
    return this.#entries.has(conversationId);
  }

  /** Replaces an earlier listener of the same conversation. */
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
    // Whoever listens again later begins anew.
    this.#closed.abort();
    this.#closed = new AbortController();
    this.#follower?.close();
    this.#follower = undefined;
    this.#connection.set('disconnected');
  }

  /** Tries as long as anybody listens: a phone may be without a network for hours. */
  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    this.#connection.set('connecting');
    for (let failures = 1; this.#entries.size > 0 && !this.#follower; failures += 1) {
      try {
        const gatewayUrl = await this.#gatewayUrl();
        if (this.#entries.size > 0) this.#follow(gatewayUrl);
      } catch (thrown) {
        const error = toClaimcheckError(thrown);
        this.#connection.set('disconnected');
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
    this.#follower = new SocketFollower(gatewayUrl, (request) => this.#http.token(request), {
      onEvent: (event) => listenerOf(event.conversation_id)?.onEvent(event),
      onResync: (id) => listenerOf(id)?.onResync(),
      onRefused: (id, error) => listenerOf(id)?.onRefused(error),
      onProgress: (progress) => listenerOf(progress.conversation_id)?.onProgress(progress),
      onCaughtUp: (id) => listenerOf(id)?.onCaughtUp(),
      onConversationAdded: () => {},
      onConversationRemoved: (id) =>
        listenerOf(id)?.onRefused(
          errorOfCode('forbidden', 'You are no longer a member of this conversation.'),
        ),
      onConnectionState: (state) => this.#connection.set(state),
    });
    for (const [id, { sinceSeq }] of this.#entries) this.#follower.follow(id, sinceSeq);
  }
}
