import {
  type ClaimcheckClient,
  type ClaimcheckError,
  type ConnectionState,
  type Follower,
  type Messages,
  retry,
  withEvent,
  withMessages,
} from '@claimcheck/client';
import type { Conversation, Message } from '@claimcheck/contracts/rest';
import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import { Store } from './store.ts';
import { wordsOfError } from './words-of-error.ts';

const PAGE_SIZE = 50;

export interface OpenedConversation {
  messages: Messages;
  hasOlder: boolean;
}

export interface ChatState {
  connection: ConnectionState;
  /** Missing until the server has answered. */
  conversations?: readonly Conversation[];
  openId?: string | undefined;
  /** What was opened in this tab stays loaded and follows along. */
  opened: Readonly<Record<string, OpenedConversation>>;
  unread: Readonly<Record<string, number>>;
  problem?: string | undefined;
}

/** The conversations of one user: loaded over REST, kept up to date by the gateway. */
export class Chat {
  readonly store = new Store<ChatState>({ connection: 'connecting', opened: {}, unread: {} });
  readonly #client: ClaimcheckClient;
  readonly #userId: string;
  readonly #followed = new Set<string>();
  #follower: Follower | undefined;

  constructor(client: ClaimcheckClient, userId: string) {
    this.#client = client;
    this.#userId = userId;
  }

  /** Returns what ends it. */
  start(): () => void {
    this.#follower = this.#client.follow({
      onEvent: (event) => this.#receive(event),
      onResync: (id) => this.#attempt(() => this.#reload(id)),
      onRefused: (id, error) => this.#refused(id, error),
      onConversationAdded: () => this.#attempt(() => this.#loadConversations()),
      onConversationRemoved: (id) => this.#forget(id),
      onConnectionState: (connection) => {
        this.#patch({ connection });
        // What was added while nobody listened is in no conversation's log.
        if (connection === 'connected') this.#attempt(() => this.#loadConversations());
      },
    });
    this.#attempt(() => this.#loadConversations());
    return () => {
      this.#follower?.close();
      this.#followed.clear();
    };
  }

  open(id: string | undefined): void {
    const { [id ?? '']: _, ...unread } = this.store.get().unread;
    this.#patch({ openId: id, unread, problem: undefined });
    if (id && !this.store.get().opened[id]) this.#attempt(() => this.#reload(id));
  }

  async createConversation(memberIds: string[]): Promise<void> {
    const { conversation_id } = await this.#client.conversations.create({ member_ids: memberIds });
    await this.#loadConversations();
    this.open(conversation_id);
  }

  async sendText(conversationId: string, body: string): Promise<void> {
    const message = { client_message_id: crypto.randomUUID(), message_type: 'text', body } as const;
    this.add(await retry(() => this.#client.messages.post(conversationId, message)));
  }

  /** Shows a message that was sent from here, without waiting for its event. */
  add(message: Message): void {
    this.#changeMessages(message.conversation_id, (messages) => withMessages(messages, [message]));
  }

  async loadOlder(id: string): Promise<void> {
    const first = this.store.get().opened[id]?.messages[0];
    if (!first) return;
    const query = { before_seq: first.seq, limit: PAGE_SIZE };
    const page = await this.#client.messages.list(id, query);
    this.#changeMessages(id, (messages) => withMessages(messages, page.messages));
    this.#patchOpened(id, { hasOlder: page.messages.length === PAGE_SIZE });
  }

  async #loadConversations(): Promise<void> {
    const conversations = await retry(() => this.#client.conversations.list());
    this.#patch({ conversations });
    for (const { conversation_id, last_seq } of conversations) {
      if (!this.#followed.has(conversation_id)) this.#follow(conversation_id, last_seq);
    }
  }

  /** `last_seq` was read before the messages: following from there may repeat, but misses nothing. */
  async #reload(id: string): Promise<void> {
    const page = await retry(() => this.#client.messages.list(id, { limit: PAGE_SIZE }));
    const messages = withMessages([], page.messages);
    this.#patchOpened(id, { messages, hasOlder: page.messages.length === PAGE_SIZE });
    this.#follow(id, page.last_seq);
  }

  #follow(id: string, sinceSeq: number): void {
    this.#followed.add(id);
    this.#follower?.follow(id, sinceSeq);
  }

  #receive(event: ConversationEvent): void {
    const id = event.conversation_id;
    this.#changeMessages(id, (messages) => withEvent(messages, event));
    if (event.type === 'message.created' && event.message.sender_user_id !== this.#userId)
      this.#countUnread(id);
    if (event.type === 'member.added' || event.type === 'member.removed') {
      this.#attempt(() => this.#loadConversations());
    }
  }

  #countUnread(id: string): void {
    const { openId, unread } = this.store.get();
    if (id !== openId) this.#patch({ unread: { ...unread, [id]: (unread[id] ?? 0) + 1 } });
  }

  #refused(id: string, error: ClaimcheckError): void {
    this.#forget(id);
    this.#patch({ problem: error.message });
  }

  #forget(id: string): void {
    this.#followed.delete(id);
    const { conversations, opened, openId } = this.store.get();
    const { [id]: _, ...rest } = opened;
    this.#patch({
      ...(conversations && { conversations: conversations.filter((item) => item.conversation_id !== id) }),
      opened: rest,
      openId: openId === id ? undefined : openId,
    });
  }

  #changeMessages(id: string, change: (messages: Messages) => Messages): void {
    const opened = this.store.get().opened[id];
    if (opened) this.#patchOpened(id, { messages: change(opened.messages) });
  }

  #patchOpened(id: string, patch: Partial<OpenedConversation>): void {
    const { opened } = this.store.get();
    const conversation = { messages: [], hasOlder: false, ...opened[id], ...patch };
    this.#patch({ opened: { ...opened, [id]: conversation } });
  }

  #patch(patch: Partial<ChatState>): void {
    this.store.update((state) => ({ ...state, ...patch }));
  }

  /** For what nobody waits for: its failure is told to the user. */
  #attempt(action: () => Promise<void>): void {
    action().catch((error) => this.#patch({ problem: wordsOfError(error) }));
  }
}
