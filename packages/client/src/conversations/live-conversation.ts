import { type ClaimcheckError, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import type { Outbox } from '../messages/outbox.ts';
import type { MessageInput, OutgoingMessage } from '../messages/outgoing-message.ts';
import { Observable } from '../observable.ts';
import { retryUntilAborted } from '../retry.ts';
import type { Records } from '../store/records.ts';
import { type ConversationEvent, type Message, messagesPath } from '../wire/conversation.ts';
import type { Media } from '../wire/media.ts';
import { within } from '../within.ts';
import type { ConversationHandle, ConversationSnapshot } from './conversation.ts';
import { type CachedConversation, KEPT_MESSAGES } from './conversation-cache.ts';
import type { MessagePage } from './conversation-state.ts';
import type { Feed } from './feed.ts';
import { MessageWindow } from './message-window.ts';
import { visibleOutgoing } from './visible-outgoing.ts';

const PAGE_SIZE = 50;
const SAVE_AFTER_MS = 500;
/** How long a conversation waits for its stored messages before it asks the server; they may need a token first. */
const STORED_WITHIN_MS = 1_000;

interface Context {
  http: Http;
  feed: Feed;
  outbox: Outbox;
  records: Records<CachedConversation>;
  userId: () => Promise<string>;
  onMedia: (media: Media) => void;
  onWatched: () => void;
}

export class LiveConversation implements ConversationHandle {
  readonly id: string;
  readonly #context: Context;
  readonly #state = new Observable<ConversationSnapshot>({
    status: 'loading',
    connection: 'disconnected',
    messages: [],
    outgoing: [],
    hasOlder: false,
    lastSeq: 0,
    progress: {},
  });
  readonly #window = new MessageWindow();
  /** The conversation's last seq when each message was first shown; unset until something is loaded. */
  readonly #shownSince = new WeakMap<OutgoingMessage, number>();
  #isLoaded = false;
  #mayShowStored = false;
  #userId: string | undefined;
  #stop: AbortController | undefined;
  #saving: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, context: Context) {
    this.id = id;
    this.#context = context;
  }

  readonly get = (): ConversationSnapshot => this.#state.get();

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#state.subscribe(listener);
    if (this.#stop === undefined) this.#start();
    return () => {
      unsubscribe();
      if (!this.#state.isWatched) this.#end();
    };
  };

  get isWatched(): boolean {
    return this.#state.isWatched;
  }

  send(input: MessageInput): OutgoingMessage {
    return this.#context.outbox.send(this.id, input, this.#window.messages.at(-1)?.seq);
  }

  async loadOlder(): Promise<void> {
    const [first] = this.#window.messages;
    if (first === undefined) return;
    const request = this.#window.request();
    try {
      const { messages } = await this.#page(`?before_seq=${first.seq}&limit=${PAGE_SIZE}`);
      this.#window.prepend(request, messages, messages.length === PAGE_SIZE);
    } finally {
      this.#window.forget(request);
    }
    this.#show();
  }

  #start(): void {
    this.#context.onWatched();
    const stop = new AbortController();
    this.#stop = stop;
    const { outbox, feed } = this.#context;
    const showOutgoing = () => this.#show();
    const endings = [outbox.subscribe(showOutgoing), feed.connection.subscribe(() => this.#showConnection())];
    stop.signal.addEventListener('abort', () => {
      for (const end of endings) end();
    });
    showOutgoing();
    void this.#open(stop.signal);
  }

  #end(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#context.feed.leave(this.id);
    this.#state.patch({ connection: 'disconnected', progress: {} });
  }

  async #open(signal: AbortSignal): Promise<void> {
    this.#mayShowStored = !this.#isLoaded;
    // Stored messages that arrive late are shown too, unless the server has answered by then.
    if (this.#mayShowStored)
      await within(STORED_WITHIN_MS, 'Reading', this.#showStored(signal)).catch(() => {});
    if (signal.aborted) return;
    if (this.get().status === 'stored' || this.get().status === 'live') this.#listen(signal);
    else await this.#reload(signal);
  }

  async #showStored(signal: AbortSignal): Promise<void> {
    const request = this.#window.request();
    try {
      const stored = await this.#context.records.get(this.id);
      await this.#knowUser();
      if (!stored || signal.aborted || !this.#mayShowStored) return;
      this.#isLoaded = true;
      this.#window.replace(request, stored);
      this.#show({ status: 'stored' });
    } finally {
      this.#window.forget(request);
    }
  }

  async #knowUser(): Promise<void> {
    this.#userId ??= await this.#context.userId().catch(() => undefined);
  }

  /** `last_seq` was read before the messages: following from there may repeat events, but misses none. */
  async #reload(signal: AbortSignal): Promise<void> {
    const { tokens } = this.#context.http;
    const onFailure = (error: ClaimcheckError) => this.#state.patch({ error });
    const request = this.#window.request();
    try {
      const load = () => this.#page(`?limit=${PAGE_SIZE}`, signal);
      const page = await retryUntilAborted(load, { signal, tokens, onFailure });
      // There may have been no token earlier.
      await this.#knowUser();
      if (signal.aborted) return;
      this.#isLoaded = true;
      this.#mayShowStored = false;
      const { messages, last_seq: lastSeq } = page;
      this.#window.replace(request, { messages, lastSeq, hasOlder: messages.length === PAGE_SIZE });
      this.#show({ error: undefined });
      this.#save();
    } catch (error) {
      if (signal.aborted) return;
      this.#refuse(toClaimcheckError(error));
      // Only a membership can return without a request, and an event announces it.
      if (!isNotMember(toClaimcheckError(error))) return;
    } finally {
      this.#window.forget(request);
    }
    this.#listen(signal);
  }

  #listen(signal: AbortSignal): void {
    this.#context.feed.listen(this.id, this.#window.lastSeq, {
      onEvents: (events) => this.#receive(events),
      onResync: () => void this.#reload(signal),
      onRefused: (error) => this.#refuse(error),
      onProgress: ({ media_object_id, percent }) =>
        this.#state.patch({ progress: { ...this.get().progress, [media_object_id]: percent } }),
      onCaughtUp: () => this.#state.patch({ status: 'live', error: undefined }),
      // Renewed membership ends the refusal.
      onAdded: () => {
        if (this.get().status === 'refused') void this.#reload(signal);
      },
    });
    this.#showConnection();
  }

  /** The snapshot shows the gateway's reason until the conversation is live again. */
  #showConnection(): void {
    const { state, error } = this.#context.feed.connection.get();
    this.#state.patch({ connection: state, ...(error ? { error } : {}) });
  }

  #receive(events: readonly ConversationEvent[]): void {
    this.#window.apply(events);
    this.#show();
    for (const event of events) if (event.type === 'media.updated') this.#context.onMedia(event.media);
    this.#save();
  }

  /** Shows the refusal. A non-member loses the stored messages; any other error leaves them in place. */
  #refuse(error: ClaimcheckError): void {
    this.#mayShowStored = false;
    this.#state.patch({ status: 'refused', error });
    if (!isNotMember(error)) return;
    this.#window.clear();
    this.#show();
    clearTimeout(this.#saving);
    this.#saving = undefined;
    void this.#context.records.delete(this.id);
  }

  /** Adds a message that this client sent, from the answer to sending it. */
  add(message: Message): void {
    this.#window.add(message);
    this.#show();
  }

  /** Does both in one step: a message changes from unsent to sent, and never appears twice. */
  #show(patch: Partial<ConversationSnapshot> = {}): void {
    const { messages, lastSeq, hasOlder } = this.#window;
    const waiting = this.#context.outbox.get().filter(({ conversationId }) => conversationId === this.id);
    if (this.#isLoaded)
      for (const message of waiting)
        if (!this.#shownSince.has(message)) this.#shownSince.set(message, lastSeq);
    const sinceSeq = (message: OutgoingMessage) => this.#shownSince.get(message) ?? 0;
    const outgoing = visibleOutgoing(waiting, messages, this.#userId, sinceSeq);
    this.#state.patch({ ...patch, messages, lastSeq, hasOlder, outgoing });
  }

  #page(query: string, signal?: AbortSignal): Promise<MessagePage> {
    return this.#context.http.request('GET', messagesPath(this.id) + query, undefined, { signal });
  }

  #save(): void {
    if (this.#saving !== undefined) return;
    this.#saving = setTimeout(() => {
      this.#saving = undefined;
      const { messages, lastSeq, hasOlder } = this.get();
      void this.#context.records.set({
        id: this.id,
        messages: messages.slice(-KEPT_MESSAGES),
        lastSeq,
        hasOlder: hasOlder || messages.length > KEPT_MESSAGES,
      });
    }, SAVE_AFTER_MS);
  }
}

const isNotMember = ({ status }: ClaimcheckError): boolean => status === 403 || status === 404;
