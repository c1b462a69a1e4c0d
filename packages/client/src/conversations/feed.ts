import type { ClaimcheckError } from '../claimcheck-error.ts';
import { errorOfCode, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable, type Readable } from '../observable.ts';
import { retry } from '../retry.ts';
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
    this.#follower?.close();
    this.#follower = undefined;
    this.#connection.set('disconnected');
  }

  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    try {
      const gatewayUrl = await retry(this.#gatewayUrl);
      if (this.#entries.size > 0) this.#follow(gatewayUrl);
    } catch (error) {
      for (const { listener } of this.#entries.values()) listener.onRefused(toClaimcheckError(error));
    } finally {
      this.#opening = false;
    }
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
