import type { Media, Quality } from '@claimcheck/contracts/media';
import type { Conversation, Message, SendMessage } from '@claimcheck/contracts/rest';
import type { MessagePage } from './conversation-state.ts';
import { type Follower, type FollowHandlers, SocketFollower } from './follow.ts';
import { createHttp, type GetToken } from './http.ts';
import { type MediaUrl, type MediaUrlRefusal, type MediaUrlRequest, MediaUrls } from './media-urls.ts';
import { startUpload, type UploadHandle, type UploadInput } from './start-upload.ts';

export interface ClientOptions {
  /** Origin of the api, as in `api_url` of `/config.json`. */
  baseUrl: string;
  /** Origin of the gateway, as in `gateway_url` of `/config.json`. */
  gatewayUrl: string;
  getToken: GetToken;
}

/** All promises reject with ClaimcheckError. */
export interface ClaimcheckClient {
  upload(file: Blob, input: UploadInput): UploadHandle;
  conversations: {
    list(): Promise<Conversation[]>;
    /** The caller becomes a member too. */
    create(input: { conversation_id?: string; member_ids: string[] }): Promise<Conversation>;
  };
  messages: {
    /** The newest, or the newest before `before_seq`; at most 200. */
    list(conversationId: string, query?: { before_seq?: number; limit?: number }): Promise<MessagePage>;
    /** Repeatable: the same `client_message_id` gives the same message. */
    send(conversationId: string, message: SendMessage): Promise<Message>;
  };
  media: {
    get(id: string): Promise<Media>;
    urls(items: readonly MediaUrlRequest[]): Promise<(MediaUrl | MediaUrlRefusal)[]>;
    /** One URL, cached and batched; `fresh` when the known one no longer loads. */
    url(id: string, quality: Quality, options?: { fresh?: boolean }): Promise<MediaUrl>;
  };
  /** Opens a socket that stays, and comes back, until it is closed. */
  follow(handlers: FollowHandlers): Follower;
}

export const createClient = ({ baseUrl, gatewayUrl, getToken }: ClientOptions): ClaimcheckClient => {
  const http = createHttp(baseUrl, getToken);
  const mediaUrls = new MediaUrls(http);
  return {
    upload: (file, input) => startUpload({ baseUrl, getToken }, file, input),
    conversations: {
      list: async () =>
        (await http.request<{ conversations: Conversation[] }>('GET', '/v1/conversations')).conversations,
      create: (input) => http.request('POST', '/v1/conversations', input),
    },
    messages: {
      list: (conversationId, query = {}) =>
        http.request('GET', `${messagesPath(conversationId)}${queryString(query)}`),
      send: (conversationId, message) => http.request('POST', messagesPath(conversationId), message),
    },
    media: {
      get: (id) => http.request('GET', `/v1/media/${encodeURIComponent(id)}`),
      urls: (items) => mediaUrls.request(items),
      url: (id, quality, options) => mediaUrls.get(id, quality, options),
    },
    follow: (handlers) => new SocketFollower(gatewayUrl, getToken, handlers),
  };
};

const messagesPath = (conversationId: string) =>
  `/v1/conversations/${encodeURIComponent(conversationId)}/messages`;

const queryString = (query: Record<string, number | undefined>): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
};
