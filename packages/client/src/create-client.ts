import { assertSupported } from './assert-supported.ts';
import {
  assertBlob,
  assertConversationId,
  assertKnown,
  invalid,
  type KeysOf,
  nameOf,
} from './check-arguments.ts';
import type { ClaimcheckError } from './claimcheck-error.ts';
import type { ConversationHandle } from './conversations/conversation.ts';
import type { CachedConversation } from './conversations/conversation-cache.ts';
import type { MessagePage } from './conversations/conversation-state.ts';
import { Feed } from './conversations/feed.ts';
import { type Follower, type FollowHandlers, SocketFollower } from './conversations/follow.ts';
import { LiveConversation } from './conversations/live-conversation.ts';
import { fetchPublicConfig } from './fetch-public-config.ts';
import { createHttp } from './http.ts';
import { userIdOf } from './identity.ts';
import { LruMap } from './lru-map.ts';
import type { MediaHandle, MediaOptions } from './media/media.ts';
import { MediaLibrary } from './media/media-library.ts';
import type { MediaUrl, MediaUrlRefusal, MediaUrlRequest } from './media/media-urls.ts';
import { Outbox } from './messages/outbox.ts';
import type { MessageInput, OutgoingMessage } from './messages/outgoing-message.ts';
import type { OutgoingRecord } from './messages/outgoing-record.ts';
import type { Readable } from './observable.ts';
import { retryUntilAborted } from './retry.ts';
import { indexedDbStore } from './store/indexed-db-store.ts';
import type { KeyValueStore } from './store/key-value-store.ts';
import { memoryStore } from './store/memory-store.ts';
import { Records } from './store/records.ts';
import { type GetToken, Tokens } from './tokens.ts';
import { UPLOAD_OPTIONS, type Upload, type UploadOptions } from './uploads/upload.ts';
import type { UploadRecord } from './uploads/upload-record.ts';
import { DEFAULT_UPLOAD_SETTINGS, UPLOAD_SETTINGS, type UploadSettings } from './uploads/upload-settings.ts';
import { UploadManager, type Uploads } from './uploads/uploads.ts';
import {
  type Conversation,
  type Message,
  messagesPath,
  type PostMessage,
  type PublicConfig,
} from './wire/conversation.ts';

/** Unwatched conversations. */
const KEPT_CONVERSATIONS = 50;

export interface ClientOptions {
  /** Origin of the api: its `PUBLIC_URL`. */
  baseUrl: string;
  /** Returns the host's JWT for the user who is logged in. The SDK calls it for each request, so it should cache. */
  getToken: GetToken;
  /** Origin of the gateway. Default: what `/config.json` says. */
  gatewayUrl?: string | undefined;
  /** Id of the user. Default: the token's `sub`. */
  userId?: string | undefined;
  /** Where unfinished uploads, unsent messages and the last messages are kept: IndexedDB in a browser, memory elsewhere. */
  store?: KeyValueStore | undefined;
  uploads?: Partial<UploadSettings> | undefined;
  /** Called with non-fatal errors, such as a store that is full. Default: `console.warn`. */
  onWarning?: ((error: unknown) => void) | undefined;
}

/** All promises reject with ClaimcheckError. */
export interface ClaimcheckClient {
  /** Puts a file into the queue of uploads. Returns at once. */
  upload(file: Blob, options?: UploadOptions): Upload;
  readonly uploads: Uploads;
  readonly conversations: {
    list(): Promise<Conversation[]>;
    /** The caller becomes a member too. */
    create(input: { conversation_id?: string; member_ids: string[] }): Promise<Conversation>;
  };
  readonly messages: {
    /**
     * Shown at once, and sent when it can be: once its upload is stored, when there is a network and a login, after
     * a reload. Messages whose media is not stored yet hold no other message up. Throws `invalid_option` when there is nothing
     * to send.
     */
    send(conversationId: string, input: MessageInput): OutgoingMessage;
    /** Not sent yet, of all conversations. */
    readonly outgoing: Readable<readonly OutgoingMessage[]>;
    /** The newest, or the newest before `before_seq`; at most 200. */
    list(conversationId: string, query?: { before_seq?: number; limit?: number }): Promise<MessagePage>;
    /** One request and no queue. Repeatable: the same `client_message_id` gives the same message. */
    post(conversationId: string, message: PostMessage): Promise<Message>;
    /** Deletes a message of the user's. Repeatable. */
    delete(conversationId: string, messageId: string): Promise<void>;
  };
  /** The same object for the same id. */
  conversation(id: string): ConversationHandle;
  /** The same object for the same id and conversation. */
  media(id: string, options?: MediaOptions): MediaHandle;
  /** Signed URLs, or the problem documents that say why there is none; at most 100. */
  mediaUrls(items: readonly MediaUrlRequest[]): Promise<(MediaUrl | MediaUrlRefusal)[]>;
  /** Returns the id of the user, from the token. */
  userId(): Promise<string>;
  /** Opens a socket of its own that stays, and comes back, until it is closed. Needs `gatewayUrl`. */
  follow(handlers: FollowHandlers): Follower;
  /** Resolves when what a reload interrupted continues, or cannot: then `onWarning` says why. Waits for a token. */
  readonly restored: Promise<void>;
  /** Stops uploads and messages, and closes the socket. What is not sent stays in the store, for the next client. */
  close(): void;
  /**
   * Closes the client and deletes everything of this user from the store: messages, unsent ones, and the bytes of
   * unfinished uploads. For a logout; call it while `getToken` still works, or with `userId`.
   */
  forget(): Promise<void>;
}

const CLIENT_OPTIONS: KeysOf<ClientOptions> = {
  baseUrl: true,
  getToken: true,
  gatewayUrl: true,
  userId: true,
  store: true,
  uploads: true,
  onWarning: true,
};

/** The composition of everything. Throws `invalid_option` and `unsupported`. */
export const createClient = (options: ClientOptions): ClaimcheckClient => {
  assertSupported();
  assertKnown('createClient', options, CLIENT_OPTIONS);
  assertKnown('uploads', options.uploads ?? {}, UPLOAD_SETTINGS);
  const baseUrl = originOf(options.baseUrl, 'baseUrl');
  const { gatewayUrl, getToken } = options;
  const warn = safely(options.onWarning ?? console.warn);
  if (typeof getToken !== 'function')
    throw invalid('getToken', 'getToken has to be a function that returns a JWT.');
  const tokens = new Tokens(getToken);
  const http = createHttp(baseUrl, tokens);
  const userId = rememberedUserId(options.userId, tokens);
  const closed = new AbortController();
  let toldOf: string | undefined;
  const tellOfWaiting = (error: ClaimcheckError) => {
    outbox.holdUp(error);
    if (error.message !== toldOf) warn(error);
    toldOf = error.message;
  };
  // A page may be opened before there is a token, without a network: what is kept waits until it is known whose it is.
  const owner = () => retryUntilAborted(userId, { signal: closed.signal, onFailure: tellOfWaiting });
  const ownStore = options.store ?? ('indexedDB' in globalThis ? indexedDbStore() : undefined);
  const store = ownStore ?? memoryStore();
  // A store that lives and dies with this client holds no other user's entries: a page that is rendered on a server
  // needs no token until it asks for something.
  const keptFor = async () => (ownStore ? owner() : '');
  const recordsOf = <Value extends { id: string }>(kind: string) =>
    new Records<Value>(store, async () => `${baseUrl}|${await keptFor()}|${kind}|`, warn);

  let asked: Promise<PublicConfig> | undefined;
  /** Once; again after a failure. */
  const publicConfig = () => {
    asked ??= fetchPublicConfig(baseUrl).catch((error) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
  const records = {
    uploads: recordsOf<UploadRecord>('upload'),
    outgoing: recordsOf<OutgoingRecord>('outgoing'),
    conversations: recordsOf<CachedConversation>('conversation'),
  };
  const uploads = new UploadManager({
    http,
    records: records.uploads,
    settings: { ...DEFAULT_UPLOAD_SETTINGS, ...definedOf(options.uploads ?? {}) },
    maxRequestBytes: async () => (await publicConfig()).max_request_bytes,
  });
  const conversations = new LruMap<LiveConversation>(KEPT_CONVERSATIONS, (one) => one.isWatched);
  const outbox = new Outbox({
    http,
    records: records.outgoing,
    uploads,
    onSent: (message) => conversations.get(message.conversation_id)?.add(message),
  });
  const feed = new Feed(tokens, async () => gatewayUrl ?? (await publicConfig()).gateway_url);
  const media = new MediaLibrary(http, feed);

  const restored = uploads
    .restore()
    .catch(warn)
    .then(() => outbox.restore())
    .catch(warn);

  const conversationOf = (id: string): LiveConversation => {
    assertConversationId(id);
    const conversation: LiveConversation =
      conversations.get(id) ??
      new LiveConversation(id, {
        http,
        feed,
        outbox,
        records: records.conversations,
        userId,
        onMedia: (changed) => media.update(changed),
        onWatched: () => conversations.set(id, conversation),
      });
    conversations.set(id, conversation);
    return conversation;
  };
  const close = () => {
    closed.abort();
    feed.close();
    outbox.close();
    uploads.close();
  };

  return {
    upload: (file, uploadOptions = {}) => {
      assertBlob(file);
      assertKnown('upload', uploadOptions, UPLOAD_OPTIONS);
      return uploads.begin(file, uploadOptions);
    },
    uploads,
    conversations: {
      list: async () => {
        const all: Conversation[] = [];
        for (let before = ''; ; ) {
          const page = await http.request<{ conversations: Conversation[]; next?: string }>(
            'GET',
            `/v1/conversations?limit=200${before}`,
          );
          all.push(...page.conversations);
          if (page.next === undefined) return all;
          before = `&before=${page.next}`;
        }
      },
      create: (input) => http.request('POST', '/v1/conversations', input),
    },
    messages: {
      send: (conversationId, input) => conversationOf(conversationId).send(input),
      outgoing: outbox,
      list: (conversationId, query = {}) =>
        http.request('GET', `${messagesPath(conversationId)}${queryString(query)}`),
      post: (conversationId, message) => http.request('POST', messagesPath(conversationId), message),
      delete: (conversationId, messageId) =>
        http.request('DELETE', `${messagesPath(conversationId)}/${encodeURIComponent(messageId)}`),
    },
    conversation: conversationOf,
    media: (id, mediaOptions) => {
      if (typeof id !== 'string' || id === '')
        throw invalid('id', `media takes a media_object_id, and got ${nameOf(id)}.`);
      return media.get(id, mediaOptions);
    },
    mediaUrls: (items) => media.urls.request(items),
    userId,
    follow: (handlers) => new SocketFollower(originOf(gatewayUrl, 'gatewayUrl'), tokens, handlers),
    restored,
    close: () => {
      close();
      store.close?.();
    },
    forget: async () => {
      const forgotten = Promise.all(Object.values(records).map((kind) => kind.forget()));
      close();
      await forgotten;
      store.close?.();
    },
  };
};

/** Without those that are there and undefined: they leave the default. */
const definedOf = <Options extends object>(options: Options): Partial<Options> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;

/** A host's function that throws must not stop what only wanted to tell it something. */
const safely =
  (onWarning: (error: unknown) => void) =>
  (warning: unknown): void => {
    try {
      onWarning(warning);
    } catch (thrown) {
      console.warn(warning, thrown);
    }
  };

/** A client belongs to one user: the host's token is read once. */
const rememberedUserId = (given: string | undefined, tokens: Tokens): (() => Promise<string>) => {
  let known = given;
  return async () => {
    known ??= userIdOf(await tokens.get());
    return known;
  };
};

/** Throws `invalid_option` for what is no address of a service. */
const originOf = (url: unknown, field: string): string => {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') return parsed.origin;
  throw invalid(field, `${field} has to be an address such as https://media.example, and is ${nameOf(url)}.`);
};

const queryString = (query: Record<string, number | undefined>): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
};
