import type { ClaimcheckClient } from '../claimcheck-client.ts';
import { type ClaimcheckError, toClaimcheckError } from '../claimcheck-error.ts';
import { Observable, type Readable } from '../observable.ts';
import { retryUntilAborted } from '../retry.ts';
import type { Conversation, ConversationEvent } from '../wire/conversation.ts';
import type { ConnectionState, Follower } from './follower.ts';
import { type ListedConversation, withListEvents } from './list-events.ts';

export interface ConversationListSnapshot {
  /** Latest activity first. Absent until the server has answered. */
  conversations?: readonly ListedConversation[] | undefined;
  connection: ConnectionState;
  /** Why the list could not be loaded, or the gateway refused the connection. */
  error?: ClaimcheckError | undefined;
}

type Client = Pick<ClaimcheckClient, 'conversations' | 'follow' | 'userId'>;

/**
 * The user's conversations while the list has a subscriber: one request for 200 of them, and a socket that follows all. A
 * message moves its conversation up.
 */
export class LiveList implements Readable<ConversationListSnapshot> {
  readonly #client: Client;
  readonly #state = new Observable<ConversationListSnapshot>({ connection: 'disconnected' });
  readonly #items = new Map<string, ListedConversation>();
  /** Conversations that missed too much to catch up. */
  readonly #lost = new Set<string>();
  #userId: string | undefined;
  #follower: Follower | undefined;
  #stop: AbortController | undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor(client: Client) {
    this.#client = client;
  }

  readonly get = (): ConversationListSnapshot => this.#state.get();

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#state.subscribe(listener);
    if (this.#stop === undefined) this.#start();
    return () => {
      unsubscribe();
      if (!this.#state.isWatched) this.#end();
    };
  };

  /** Loads the list again, after a load that is under way. Events do that by themselves. */
  reload(): Promise<void> {
    const signal = this.#stop?.signal;
    if (signal === undefined) return Promise.resolve();
    this.#loading = this.#loading.then(() => this.#load(signal));
    return this.#loading;
  }

  markRead(conversationId: string): void {
    const item = this.#items.get(conversationId);
    if (item === undefined || item.unread === 0) return;
    this.#items.set(conversationId, { ...item, unread: 0 });
    this.#show();
  }

  #start(): void {
    this.#stop = new AbortController();
    const reload = () => void this.reload();
    reload();
    try {
      this.#follower = this.#follow(reload);
    } catch (error) {
      this.#state.patch({ error: toClaimcheckError(error) });
    }
  }

  #follow(reload: () => void): Follower {
    return this.#client.follow({
      onEvent: (event) => this.#receive([event]),
      onEvents: (events) => this.#receive(events),
      onResync: (id) => {
        this.#lost.add(id);
        reload();
      },
      onRefused: (id) => this.#remove(id),
      onConversationAdded: reload,
      onConversationRemoved: (id) => this.#remove(id),
      onConnectionState: (connection, error) => {
        this.#state.patch({ connection, error });
        // No event tells of a conversation that was added while there was no connection.
        if (connection === 'connected' && this.get().conversations !== undefined) reload();
      },
    });
  }

  #end(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#follower?.close();
    this.#follower = undefined;
    this.#items.clear();
    this.#lost.clear();
    this.#state.set({ connection: 'disconnected' });
  }

  async #load(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const onFailure = (error: ClaimcheckError) => this.#state.patch({ error });
      const load = () => this.#client.conversations.list();
      const listed = await retryUntilAborted(load, { signal, onFailure });
      this.#userId ??= await this.#client.userId();
      if (signal.aborted) return;
      this.#replace(listed);
      this.#state.patch({ error: undefined });
    } catch (error) {
      if (!signal.aborted) this.#state.patch({ error: toClaimcheckError(error) });
    }
  }

  #replace(listed: readonly Conversation[]): void {
    const ids = new Set(listed.map(({ conversation_id }) => conversation_id));
    for (const id of [...this.#items.keys()]) if (!ids.has(id)) this.#remove(id);
    for (const conversation of listed) {
      const { conversation_id: id, last_message } = conversation;
      const known = this.#items.get(id);
      if (known === undefined || this.#lost.has(id)) this.#restart(conversation, known);
      // Its events tell the rest: what the answer has before them would make them look old.
      else if (known.last_message === undefined) this.#items.set(id, { ...known, last_message });
    }
    this.#show();
  }

  /** Takes a conversation as the server has it, and follows it from there. */
  #restart(conversation: Conversation, known: ListedConversation | undefined): void {
    const { conversation_id: id, last_seq, last_message: last } = conversation;
    const isNews = known && last && last.seq > known.last_seq && last.sender_user_id !== this.#userId;
    this.#items.set(id, { ...conversation, unread: (known?.unread ?? 0) + Number(isNews ?? false) });
    this.#lost.delete(id);
    this.#follower?.follow(id, last_seq);
  }

  #receive(events: readonly ConversationEvent[]): void {
    const [first] = events;
    const item = first && this.#items.get(first.conversation_id);
    if (item === undefined) return;
    const { isStale, ...changed } = withListEvents(item, events, this.#userId);
    this.#items.set(item.conversation_id, changed);
    this.#show();
    // Only the server knows which message is the last one after a deletion.
    if (isStale) void this.reload();
  }

  #remove(id: string): void {
    this.#follower?.unfollow(id);
    if (this.#items.delete(id)) this.#show();
  }

  #show(): void {
    this.#state.patch({ conversations: [...this.#items.values()].sort(byActivity) });
  }
}

const activityOf = ({ last_message, created_at }: Conversation): string =>
  last_message?.created_at ?? created_at;

const byActivity = (a: Conversation, b: Conversation): number => (activityOf(a) < activityOf(b) ? 1 : -1);
