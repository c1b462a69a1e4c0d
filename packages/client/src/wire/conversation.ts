import type { HostData, Media, MediaReference } from './media.ts';

export type MessageType = 'text' | 'image' | 'video' | 'audio' | 'file';

/** One item of an album. Without `media_object_id` its media object was removed. */
export interface Attachment {
  media_object_id?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
  media?: MediaReference | undefined;
}

/** A message as the service has it. */
export interface Message {
  message_id: string;
  conversation_id: string;
  /** Its number among the conversation's events. */
  seq: number;
  sender_user_id: string;
  /** Only its sender receives it. */
  client_message_id?: string | undefined;
  message_type: MessageType;
  body?: string | undefined;
  media_object_id?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
  /** Its single media object; an album's are in `attachments`. */
  media?: Media | undefined;
  /** An album of 2 to 10; `media_object_id` is its first item. */
  attachments?: Attachment[] | undefined;
  data?: HostData | undefined;
  /** ISO 8601. */
  created_at: string;
  /** ISO 8601. Of two versions of a message, the later one counts. */
  edited_at?: string | undefined;
}

/** The body of `POST /v1/conversations/:id/messages`. */
export interface PostMessage {
  /** Chosen by the client: sending the same one again gives the same message. */
  client_message_id: string;
  /** Derived from the media if it is absent or contradicts them; only `file` is a choice. */
  message_type?: MessageType | undefined;
  /** At most 4,000 bytes. */
  body?: string | undefined;
  media_object_id?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
  /** At most 10. A message with attachments has no filename and no alt of its own. */
  attachments?:
    | { media_object_id: string; filename?: string | undefined; alt?: string | undefined }[]
    | undefined;
  data?: HostData | undefined;
}

/** The body of `PATCH /v1/conversations/:id/messages/:id`: an absent field stays, null removes a text. */
export interface PatchMessage {
  body?: string | null | undefined;
  alt?: string | null | undefined;
  attachments?: { media_object_id: string; alt: string | null }[] | undefined;
}

export interface Conversation {
  conversation_id: string;
  created_by: string;
  member_ids: string[];
  /** Number of its newest event. */
  last_seq: number;
  /** Only in lists. */
  last_message?: Message | undefined;
  /** ISO 8601. */
  created_at: string;
}

/** A media object of a conversation, and the message or reference that shows it. */
export interface GalleryItem {
  media: Media;
  /** Absent for a host's own message: that has only `reference`. */
  message?: Pick<Message, 'message_id' | 'seq' | 'sender_user_id' | 'created_at'> | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
  reference: { kind: string; ref_id: string; data?: HostData | undefined };
}

/** Media of a conversation, newest first. With `next` there are more: pass it as `before`. */
export interface GalleryPage {
  items: GalleryItem[];
  next?: string | undefined;
}

interface Numbered<Type extends string> {
  conversation_id: string;
  /** Starts at 1 and has no gap. */
  seq: number;
  type: Type;
}

/** One entry of a conversation's log. */
export type ConversationEvent =
  | (Numbered<'message.created'> & { message: Message })
  | (Numbered<'message.updated'> & { message: Message })
  | (Numbered<'message.deleted'> & { message: { message_id: string } })
  | (Numbered<'media.updated'> & { media: Media })
  | (Numbered<'member.added'> & { user_id: string })
  | (Numbered<'member.removed'> & { user_id: string });

/** Transcoding progress of a video; volatile. */
export interface MediaProgress {
  conversation_id: string;
  media_object_id: string;
  percent: number;
}

/** The answer of `/config.json`. */
export interface PublicConfig {
  api_url: string;
  gateway_url: string;
  max_upload_bytes: number;
  /** Largest request that a proxy in front of the api accepts; absent without such a limit. */
  max_request_bytes?: number;
  dev_login: boolean;
}

export const messagesPath = (conversationId: string): string => conversationPath(conversationId, 'messages');

export const conversationPath = (conversationId: string, part: 'messages' | 'media'): string =>
  `/v1/conversations/${encodeURIComponent(conversationId)}/${part}`;
