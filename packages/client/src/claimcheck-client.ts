import type { ConversationHandle } from './conversations/conversation.ts';
import type { MessagePage } from './conversations/conversation-state.ts';
import type { Follower, FollowHandlers } from './conversations/follower.ts';
import type { MediaHandle, MediaOptions } from './media/media.ts';
import type { MediaUrl, MediaUrlRefusal, MediaUrlRequest } from './media/media-urls.ts';
import type { MessageInput, OutgoingMessage } from './messages/outgoing-message.ts';
import type { Readable } from './observable.ts';
import type { KeyValueStore } from './store/key-value-store.ts';
import type { GetToken } from './tokens.ts';
import type { Upload, UploadOptions } from './uploads/upload.ts';
import type { UploadSettings } from './uploads/upload-settings.ts';
import type { Uploads } from './uploads/uploads.ts';
import type { Conversation, GalleryPage, Message, PostMessage } from './wire/conversation.ts';
import type { MediaKind } from './wire/media.ts';

export interface ClientOptions {
  /** Origin of the api: its `PUBLIC_URL`. */
  baseUrl: string;
  /** Returns the JWT of the user who is logged in, from the host. The SDK calls it for each request, so it should cache. */
  getToken: GetToken;
  /** Origin of the gateway. Default: what `/config.json` says. */
  gatewayUrl?: string | undefined;
  /** Id of the user. Default: the token's `sub`. */
  userId?: string | undefined;
  /** Stores unfinished uploads, unsent messages and the last messages: IndexedDB in a browser, memory elsewhere. */
  store?: KeyValueStore | undefined;
  uploads?: Partial<UploadSettings> | undefined;
  /** Called with non-fatal errors, such as a store that is full. Default: `console.warn`. */
  onWarning?: ((error: unknown) => void) | undefined;
}

/** All promises reject with ClaimcheckError. */
export interface ClaimcheckClient {
  /** Queues a file for upload. Returns at once. */
  upload(file: Blob, options?: UploadOptions): Upload;
  readonly uploads: Uploads;
  readonly conversations: {
    list(): Promise<Conversation[]>;
    /** Makes the caller a member too. */
    create(input: { conversation_id?: string; member_ids: string[] }): Promise<Conversation>;
    /** Returns a page of the conversation's media, newest first; at most 200. `before` is the `next` of a page. */
    media(
      conversationId: string,
      query?: { kind?: MediaKind | undefined; before?: string | undefined; limit?: number | undefined },
    ): Promise<GalleryPage>;
  };
  readonly messages: {
    /**
     * Shows a message at once, and sends it as soon as possible: after its upload, with a network and a login, even after a
     * reload. A message whose media is not stored yet does not delay others. Throws `invalid_option` when there is nothing
     * to send.
     */
    send(conversationId: string, input: MessageInput): OutgoingMessage;
    /** Unsent messages of all conversations. */
    readonly outgoing: Readable<readonly OutgoingMessage[]>;
    /** Returns the newest messages, or the newest before `before_seq`; at most 200. */
    list(conversationId: string, query?: { before_seq?: number; limit?: number }): Promise<MessagePage>;
    /** Sends one request, without a queue. Repeatable: the same `client_message_id` gives the same message. */
    post(conversationId: string, message: PostMessage): Promise<Message>;
    /** Deletes one of the user's own messages. Repeatable. */
    delete(conversationId: string, messageId: string): Promise<void>;
  };
  /** Returns the same object for the same id. */
  conversation(id: string): ConversationHandle;
  /** Returns the same object for the same id and conversation. */
  media(id: string, options?: MediaOptions): MediaHandle;
  /** Returns signed URLs, or the problem documents that say why there is none; at most 100. */
  mediaUrls(items: readonly MediaUrlRequest[]): Promise<(MediaUrl | MediaUrlRefusal)[]>;
  /** Returns the id of the user, from the token. */
  userId(): Promise<string>;
  /** Opens a separate socket that reconnects until it is closed. Needs `gatewayUrl`. */
  follow(handlers: FollowHandlers): Follower;
  /** Resolves when interrupted uploads and messages continue, or cannot: then `onWarning` says why. Waits for a token. */
  readonly restored: Promise<void>;
  /** Stops uploads and messages, and closes the socket. Unsent messages stay in the store, for the next client. */
  close(): void;
  /**
   * Closes the client and deletes everything of this user from the store: messages, unsent ones too, and the bytes of
   * unfinished uploads. For a logout; call it while `getToken` still works, or with `userId`.
   */
  forget(): Promise<void>;
}
