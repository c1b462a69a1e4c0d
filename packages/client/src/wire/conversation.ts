import type { Media } from './media.ts';

export type MessageType = 'text' | 'image' | 'video' | 'audio' | 'file';

/** A message as the service has it. */
export interface Message {
  message_id: string;
  conversation_id: string;
  /** Its place in the conversation's numbered events. */
  seq: number;
  sender_user_id: string;
  message_type: MessageType;
  body?: string | undefined;
  media_object_id?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
  media?: Media | undefined;
  /** ISO 8601. */
  created_at: string;
}

/** What `POST /v1/conversations/:id/messages` takes. */
export interface PostMessage {
  /** Chosen by the client: the same one again gives the same message. */
  client_message_id: string;
  message_type: MessageType;
  /** At most 4,000 bytes. */
  body?: string | undefined;
  media_object_id?: string | undefined;
  filename?: string | undefined;
  alt?: string | undefined;
}

export interface Conversation {
  conversation_id: string;
  created_by: string;
  member_ids: string[];
  /** Number of its newest event. */
  last_seq: number;
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
  dev_login: boolean;
}
