import type { HostData, Media, MediaReference } from './media.ts';

export type MessageType = 'text' | 'image' | 'video' | 'audio' | 'file';

/** One of an album. Without `media_object_id` its media object was removed. */
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
  /** Its place in the conversation's numbered events. */
  seq: number;
  sender_user_id: string;
  /** Only its sender gets it. */
  client_message_id?: string | undefined;
  message_type: MessageType;
  body?: string | undefined;
  media_object_id?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
  /** Of a single media object; an album's are in `attachments`. */
  media?: Media | undefined;
  /** An album of 2 to 10; the first one is `media_object_id` too. */
  attachments?: Attachment[] | undefined;
  data?: HostData | undefined;
  /** ISO 8601. */
  created_at: string;
  /** ISO 8601. Of two versions of a message the later one is right. */
  edited_at?: string | undefined;
}

/** What `POST /v1/conversations/:id/messages` takes. */
export interface PostMessage {
  /** Chosen by the client: the same one again gives the same message. */
  client_message_id: string;
  /** Derived from the media where it is left out or contradicts them; `file` is a choice. */
  message_type?: MessageType | undefined;
  /** At most 4,000 bytes. */
  body?: string | undefined;
  media_object_id?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
  /** At most 10; the message then has no filename and no alt of its own. */
  attachments?:
    | { media_object_id: string; filename?: string | undefined; alt?: string | undefined }[]
    | undefined;
  data?: HostData | undefined;
}

/** What `PATCH /v1/conversations/:id/messages/:id` takes: what is left out stays, null takes a text away. */
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
  /** In lists. */
  last_message?: Message | undefined;
  /** ISO 8601. */
  created_at: string;
}

interface Numbered<Type extends string> {
  conversation_id: string;
  /** 1, 2, 3 … without a gap. */
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

/** How far the transcoding of a video is; volatile. */
export interface MediaProgress {
  conversation_id: string;
  media_object_id: string;
  percent: number;
}

/** What the service says of itself at `/config.json`. */
export interface PublicConfig {
  api_url: string;
  gateway_url: string;
  max_upload_bytes: number;
  /** What a proxy in front of the api lets through in one request; absent without such a limit. */
  max_request_bytes?: number;
  dev_login: boolean;
}

export const messagesPath = (conversationId: string): string =>
  `/v1/conversations/${encodeURIComponent(conversationId)}/messages`;
