import { z } from 'zod';
import type { ProblemCode } from './errors.ts';
import { hostId } from './ids.ts';
import type { Media } from './media.ts';
import type { Message } from './messages.ts';

const seq = z.int().nonnegative();

export const subscribeSchema = z.object({ conversation_id: hostId, since_seq: seq.optional() });
/**
 * The gateway takes conversations in the order of their ids (UTF-16 code units), `LIMITS.subscribeAllPage` at a time.
 * `after` continues after the last one of an earlier answer. `since` needs to cover only this page and one more.
 */
export const subscribeAllSchema = z.object({
  since: z.record(hostId, seq).default({}),
  after: hostId.optional(),
});
export const unsubscribeSchema = z.object({ conversation_id: hostId });
export const authRefreshSchema = z.object({ token: z.string().min(1).max(8_192) });

/** A conversation's events, by the names that both the log in Postgres and the sockets use. */
export interface ConversationEventPayloads {
  'message.created': { message: Message };
  /** The complete message after the edit. */
  'message.updated': { message: Message };
  'message.deleted': { message: { message_id: string } };
  'media.updated': { media: Media };
  'member.added': { user_id: string };
  'member.removed': { user_id: string };
}
export type ConversationEventType = keyof ConversationEventPayloads;

/** One entry of a conversation's log: `seq` starts at 1 and has no gap. */
export type ConversationEvent = {
  [Type in ConversationEventType]: {
    conversation_id: string;
    seq: number;
    type: Type;
  } & ConversationEventPayloads[Type];
}[ConversationEventType];

/** Sent on core NATS `{app}.conversation.{id}`: an announced log entry, or progress, which no log contains. */
export interface MediaProgress {
  conversation_id: string;
  type: 'media.progress';
  media_object_id: string;
  percent: number;
}
export type ConversationAnnouncement = ConversationEvent | MediaProgress;

/** Sent on core NATS `{app}.user.{id}`. */
export interface UserAnnouncement {
  type: 'conversation.added' | 'conversation.removed';
  conversation_id: string;
}

export interface SocketError {
  error: { code: ProblemCode; message: string };
}
export type SubscribeAnswer = { ok: true; last_seq: number } | { ok: true; resync: true } | SocketError;
/** With `next` there are more conversations: ask again with it as `after`. */
export type SubscribeAllAnswer =
  | { ok: true; conversations: Record<string, SubscribeAnswer>; next?: string }
  | SocketError;
export type PlainAnswer = { ok: true } | SocketError;

type WithSeq<Payload> = { conversation_id: string; seq: number } & Payload;

export interface ServerToClientEvents {
  'message.created': (event: WithSeq<ConversationEventPayloads['message.created']>) => void;
  'message.updated': (event: WithSeq<ConversationEventPayloads['message.updated']>) => void;
  'message.deleted': (event: WithSeq<ConversationEventPayloads['message.deleted']>) => void;
  'media.updated': (event: WithSeq<ConversationEventPayloads['media.updated']>) => void;
  'member.added': (event: WithSeq<ConversationEventPayloads['member.added']>) => void;
  'member.removed': (event: WithSeq<ConversationEventPayloads['member.removed']>) => void;
  'media.progress': (event: Omit<MediaProgress, 'type'>) => void;
  'conversation.added': (event: { conversation_id: string }) => void;
  'conversation.removed': (event: { conversation_id: string }) => void;
  'session.expiring': (event: { expires_at: string }) => void;
  /** This gateway shuts down and closes the connection after that time: reconnect, to another one. */
  'session.moving': (event: { closes_in_ms: number }) => void;
  resync: (event: { conversation_id: string }) => void;
}

export interface ClientToServerEvents {
  subscribe: (input: z.input<typeof subscribeSchema>, answer: (result: SubscribeAnswer) => void) => void;
  'subscribe:all': (
    input: z.input<typeof subscribeAllSchema>,
    answer: (result: SubscribeAllAnswer) => void,
  ) => void;
  unsubscribe: (input: z.input<typeof unsubscribeSchema>, answer: (result: PlainAnswer) => void) => void;
  'auth:refresh': (input: z.input<typeof authRefreshSchema>, answer: (result: PlainAnswer) => void) => void;
}
