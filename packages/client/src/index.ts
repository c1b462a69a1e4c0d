export type { ClaimcheckClient, ClientOptions } from './claimcheck-client.ts';
export { ClaimcheckError, type ClaimcheckErrorCode, type ClientErrorCode } from './claimcheck-error.ts';
export type { ConversationHandle, ConversationSnapshot } from './conversations/conversation.ts';
export {
  type MessagePage,
  type Messages,
  withEvent,
  withMessages,
} from './conversations/conversation-state.ts';
export type { ConnectionState, Follower, FollowHandlers } from './conversations/follower.ts';
export { timelineOf } from './conversations/timeline.ts';
export { createClient } from './create-client.ts';
export { devLogin } from './dev-login.ts';
export { fetchPublicConfig } from './fetch-public-config.ts';
export type { MediaElementUrls, MediaHandle, MediaOptions, MediaSnapshot } from './media/media.ts';
export type { MediaUrl, MediaUrlRefusal, MediaUrlRequest } from './media/media-urls.ts';
export type {
  MessageInput,
  OutgoingMessage,
  OutgoingSnapshot,
  OutgoingState,
} from './messages/outgoing-message.ts';
export type { Readable } from './observable.ts';
export type { Placeholder } from './prepare/placeholder.ts';
export { retry } from './retry.ts';
export { indexedDbStore } from './store/indexed-db-store.ts';
export type { KeyValueStore } from './store/key-value-store.ts';
export { memoryStore } from './store/memory-store.ts';
export type { GetToken, TokenRequest } from './tokens.ts';
export type {
  InterruptedUpload,
  Upload,
  UploadEvents,
  UploadOptions,
  UploadProgress,
  UploadSnapshot,
  UploadState,
} from './uploads/upload.ts';
export type { UploadSettings } from './uploads/upload-settings.ts';
export type { Uploads } from './uploads/uploads.ts';
export type {
  Attachment,
  Conversation,
  ConversationEvent,
  GalleryItem,
  GalleryPage,
  MediaProgress,
  Message,
  MessageType,
  PostMessage,
  PublicConfig,
} from './wire/conversation.ts';
export {
  type DerivedQuality,
  isGone,
  isSettled,
  type Media,
  type MediaKind,
  type MediaReference,
  type MediaState,
  type Quality,
  type StoredQuality,
} from './wire/media.ts';
export type { UploadProtocol } from './wire/upload.ts';
