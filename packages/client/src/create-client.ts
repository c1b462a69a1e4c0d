import { assertSupported } from './assert-supported.ts';
import {
  assertBlob,
  assertConversationId,
  assertKnown,
  invalid,
  type KeysOf,
  nameOf,
} from './check-arguments.ts';
import type { ClaimcheckClient, ClientOptions } from './claimcheck-client.ts';
import type { ClaimcheckError } from './claimcheck-error.ts';
import type { CachedConversation } from './conversations/conversation-cache.ts';
import { Feed } from './conversations/feed.ts';
import { SocketFollower } from './conversations/follow.ts';
import { LiveConversation } from './conversations/live-conversation.ts';
import { fetchPublicConfig } from './fetch-public-config.ts';
import { createHttp, type Http } from './http.ts';
import { userIdOf } from './identity.ts';
import { LruMap } from './lru-map.ts';
import { MediaLibrary } from './media/media-library.ts';
import { Outbox } from './messages/outbox.ts';
import type { OutgoingRecord } from './messages/outgoing-record.ts';
import { retryUntilAborted } from './retry.ts';
import { indexedDbStore } from './store/indexed-db-store.ts';
import { memoryStore } from './store/memory-store.ts';
import { Records } from './store/records.ts';
import { Tokens } from './tokens.ts';
import { UPLOAD_OPTIONS } from './uploads/upload.ts';
import type { UploadRecord } from './uploads/upload-record.ts';
import { DEFAULT_UPLOAD_SETTINGS, UPLOAD_SETTINGS } from './uploads/upload-settings.ts';
import { UploadManager } from './uploads/uploads.ts';
import { type Conversation, conversationPath, messagesPath } from './wire/conversation.ts';

/** Number of unwatched conversations kept. */
const KEPT_CONVERSATIONS = 50;

const CLIENT_OPTIONS: KeysOf<ClientOptions> = {
  baseUrl: true,
  getToken: true,
  gatewayUrl: true,
  userId: true,
  store: true,
  uploads: true,
  onWarning: true,
};

/** Composes the client. Throws `invalid_option` and `unsupported`. */
export const createClient = (options: ClientOptions): ClaimcheckClient => {
  assertSupported();
  assertKnown('createClient', options, CLIENT_OPTIONS);
  assertKnown('uploads', options.uploads ?? {}, UPLOAD_SETTINGS);
  const baseUrl = originOf(options.baseUrl, 'baseUrl');
  if (typeof options.getToken !== 'function')
    throw invalid('getToken', 'getToken has to be a function that returns a JWT.');
  return toClient(compose(baseUrl, options), options.gatewayUrl);
};

type Parts = ReturnType<typeof compose>;

const compose = (baseUrl: string, options: ClientOptions) => {
  const { gatewayUrl } = options;
  const warn = safely(options.onWarning ?? console.warn);
  const tokens = new Tokens(options.getToken);
  const http = createHttp(baseUrl, tokens);
  const userId = rememberedUserId(options.userId, tokens);
  const closed = new AbortController();
  let toldOf: string | undefined;
  const tellOfWaiting = (error: ClaimcheckError) => {
    outbox.holdUp(error);
    if (error.message !== toldOf) warn(error);
    toldOf = error.message;
  };
  // A page may open without a network, and before there is a token: stored entries wait until their user is known.
  const owner = () => retryUntilAborted(userId, { signal: closed.signal, onFailure: tellOfWaiting });
  const { store, records } = openStore(options.store, baseUrl, owner, warn);
  const publicConfig = untilAnswered(() => fetchPublicConfig(baseUrl));
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
  const conversation = (id: string): LiveConversation => {
    assertConversationId(id);
    const found: LiveConversation =
      conversations.get(id) ??
      new LiveConversation(id, {
        http,
        feed,
        outbox,
        records: records.conversations,
        userId,
        onMedia: (changed) => media.update(changed),
        onWatched: () => conversations.set(id, found),
      });
    conversations.set(id, found);
    return found;
  };
  const close = () => {
    closed.abort();
    feed.close();
    outbox.close();
    uploads.close();
  };
  return { http, tokens, userId, uploads, outbox, media, conversation, store, records, restored, close };
};

const toClient = (parts: Parts, gatewayUrl: string | undefined): ClaimcheckClient => {
  const { http, tokens, userId, uploads, outbox, media, conversation, store, records, restored, close } =
    parts;
  return {
    upload: (file, uploadOptions = {}) => {
      assertBlob(file);
      assertKnown('upload', uploadOptions, UPLOAD_OPTIONS);
      return uploads.begin(file, uploadOptions);
    },
    uploads,
    conversations: {
      list: () => listConversations(http),
      create: (input) => http.request('POST', '/v1/conversations', input),
      media: (conversationId, query = {}) =>
        http.request('GET', conversationPath(conversationId, 'media') + queryString(query)),
    },
    messages: {
      send: (conversationId, input) => conversation(conversationId).send(input),
      outgoing: outbox,
      list: (conversationId, query = {}) =>
        http.request('GET', messagesPath(conversationId) + queryString(query)),
      post: (conversationId, message) => http.request('POST', messagesPath(conversationId), message),
      delete: (conversationId, messageId) =>
        http.request('DELETE', `${messagesPath(conversationId)}/${encodeURIComponent(messageId)}`),
    },
    conversation,
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

const listConversations = async (http: Http): Promise<Conversation[]> => {
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
};

/** @param owner resolves when the entries' user is known */
const openStore = (
  given: ClientOptions['store'],
  baseUrl: string,
  owner: () => Promise<string>,
  warn: (warning: unknown) => void,
) => {
  const ownStore = given ?? ('indexedDB' in globalThis ? indexedDbStore() : undefined);
  const store = ownStore ?? memoryStore();
  // A store that lives only as long as this client holds no other user's entries: a page that is rendered on a
  // server needs no token until it sends a request.
  const keptFor = async () => (ownStore ? owner() : '');
  const recordsOf = <Value extends { id: string }>(kind: string) =>
    new Records<Value>(store, async () => `${baseUrl}|${await keptFor()}|${kind}|`, warn);
  const records = {
    uploads: recordsOf<UploadRecord>('upload'),
    outgoing: recordsOf<OutgoingRecord>('outgoing'),
    conversations: recordsOf<CachedConversation>('conversation'),
  };
  return { store, records };
};

/** Asks once, and again after a failure. */
const untilAnswered = <Answer>(ask: () => Promise<Answer>): (() => Promise<Answer>) => {
  let asked: Promise<Answer> | undefined;
  return () => {
    asked ??= ask().catch((error) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
};

/** Removes fields that are present but undefined, so that they leave the default. */
const definedOf = <Options extends object>(options: Options): Partial<Options> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;

/** A function of the host that throws must not stop the action that it was to learn about. */
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

/** Throws `invalid_option` unless it is the address of a service. */
const originOf = (url: unknown, field: string): string => {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') return parsed.origin;
  throw invalid(field, `${field} has to be an address such as https://media.example, and is ${nameOf(url)}.`);
};

const queryString = (query: Record<string, string | number | undefined>): string =>
  `?${new URLSearchParams(Object.entries(definedOf(query)).map(([key, value]) => [key, String(value)]))}`;
