import type { ConnectionState, Conversation, Follower, Message, Upload } from '@claimcheck/client';
import { type OutgoingMessage, retry } from '@claimcheck/client';
import type { Session } from '../session/open-session.ts';
import { Store } from '../store/store.ts';
import { wordsOfError } from '../words/words-of-error.ts';

export interface ChatState {
  connection: ConnectionState;
  /** Absent until the server has answered. */
  conversations?: readonly Conversation[];
  openId?: string | undefined;
  /** The last seq that the user has seen in each conversation. */
  seen: Readonly<Record<string, number>>;
  problem?: string | undefined;
}

/** The list of conversations, the open one, and the user's actions in it. */
export class Chat {
  readonly store = new Store<ChatState>({ connection: 'connecting', seen: {} });
  readonly #session: Session;
  /** Files of this page; after a reload, uploads lack their files. */
  readonly #files = new WeakMap<Upload, File>();
  #follower: Follower | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Returns a function that ends it. */
  start(): () => void {
    const load = () => this.#attempt(() => this.#load());
    // Only for events outside conversations: the SDK itself follows conversations that are shown.
    this.#follower = this.#session.client.follow({
      onEvent: () => {},
      onResync: () => {},
      onRefused: () => {},
      onConversationAdded: load,
      onConversationRemoved: (id) => this.#forget(id),
      onConnectionState: (connection) => {
        this.#patch({ connection });
        // No event announces conversations added while the page was away.
        if (connection === 'connected') load();
      },
    });
    load();
    return () => this.#follower?.close();
  }

  open(id: string | undefined): void {
    this.#patch({ openId: id, problem: undefined });
  }

  see(id: string, seq: number): void {
    const { seen } = this.store.get();
    if ((seen[id] ?? 0) < seq) this.#patch({ seen: { ...seen, [id]: seq } });
  }

  async createConversation(memberIds: string[]): Promise<void> {
    const { conversation_id } = await this.#session.client.conversations.create({ member_ids: memberIds });
    await this.#load();
    this.open(conversation_id);
  }

  sendFile(conversationId: string, file: File): void {
    const { client } = this.#session;
    const message = client.messages.send(conversationId, { media: client.upload(file, { conversationId }) });
    this.keepFiles([{ message, files: [file] }]);
  }

  /** For previews of messages on their way. */
  keepFiles(sent: readonly { message: OutgoingMessage; files: readonly (File | undefined)[] }[]): void {
    for (const { message, files } of sent)
      for (const [index, upload] of message.get().uploads.entries()) {
        const file = files[index];
        if (file) this.#files.set(upload, file);
      }
  }

  fileOf(upload: Upload): File | undefined {
    return this.#files.get(upload);
  }

  /** Retries a message that failed for good. */
  sendAgain(message: OutgoingMessage): void {
    const files = message.get().uploads.map((upload) => this.#files.get(upload));
    message.retry();
    this.keepFiles([{ message, files }]);
  }

  /** Resumes an upload that a reload has interrupted; another file starts a new one. Throws ClaimcheckError. */
  async goOnWith(message: OutgoingMessage, file: File): Promise<void> {
    const { client } = this.#session;
    const interrupted = (await client.uploads.interrupted()).find(
      ({ filename, sizeBytes, conversationId }) =>
        filename === message.filename && sizeBytes === file.size && conversationId === message.conversationId,
    );
    const upload = await interrupted?.resume(file).catch((error) => {
      if (error.code !== 'file_changed') throw error;
    });
    if (upload) {
      this.#files.set(upload, file);
      message.retry();
    } else {
      await interrupted?.discard();
      await message.discard();
      this.sendFile(message.conversationId, file);
    }
  }

  forward(message: Message, conversationId: string): void {
    const { body, media_object_id, filename, alt, attachments } = message;
    const album = attachments?.flatMap(({ media_object_id: media, ...words }) =>
      media === undefined ? [] : [{ media, filename: words.filename, alt: words.alt }],
    );
    this.#session.client.messages.send(conversationId, {
      text: body,
      ...(album ? { attachments: album } : { media: media_object_id, filename, alt }),
    });
  }

  async deleteMessage({ conversation_id, message_id }: Message): Promise<void> {
    await this.#session.client.messages.delete(conversation_id, message_id);
  }

  async #load(): Promise<void> {
    const conversations = await retry(() => this.#session.client.conversations.list());
    // Messages from before the page opened are not news.
    const isFirst = this.store.get().conversations === undefined;
    const seen = Object.fromEntries(conversations.map((item) => [item.conversation_id, item.last_seq]));
    this.#patch({ conversations, problem: undefined, ...(isFirst && { seen }) });
  }

  #forget(id: string): void {
    const { conversations, openId } = this.store.get();
    this.#patch({
      ...(conversations && { conversations: conversations.filter((item) => item.conversation_id !== id) }),
      openId: openId === id ? undefined : openId,
    });
  }

  #patch(patch: Partial<ChatState>): void {
    this.store.update((state) => ({ ...state, ...patch }));
  }

  /** Runs an action for which no caller waits, and shows its failure to the user. */
  #attempt(action: () => Promise<void>): void {
    action().catch((error) => this.#patch({ problem: wordsOfError(error) }));
  }
}
