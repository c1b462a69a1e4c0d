import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from './errors.ts';
import { hostId } from './ids.ts';
import { LIMITS } from './limits.ts';
import { mediaSchema } from './media.ts';
import { messageSchema } from './messages.ts';
import {
  authRefreshSchema,
  type ClientToServerEvents,
  type ServerToClientEvents,
  type SubscribeAllAnswer,
  type SubscribeAnswer,
  subscribeAllSchema,
  subscribeSchema,
  unsubscribeSchema,
} from './socket-events.ts';

// For documents and tests. The types in socket-events.ts are the contract, and the compiler compares the two.

const inLog = { conversation_id: hostId, seq: z.int().positive() };

/** Events that the gateway sends, by name. */
export const SERVER_EVENT_SCHEMAS = {
  'message.created': z.object({ ...inLog, message: messageSchema }).describe('A message was sent'),
  'message.updated': z
    .object({ ...inLog, message: messageSchema })
    .describe('A message was edited: the complete message after the edit; clients ignore an older edited_at'),
  'message.deleted': z
    .object({ ...inLog, message: z.object({ message_id: z.guid() }) })
    .describe('A message was deleted'),
  'media.updated': z
    .object({ ...inLog, media: mediaSchema })
    .describe('A media object of the conversation changed; a client ignores a lower media.rev'),
  'member.added': z.object({ ...inLog, user_id: hostId }).describe('A user became a member'),
  'member.removed': z.object({ ...inLog, user_id: hostId }).describe('A user is no longer a member'),
  'media.progress': z
    .object({ conversation_id: hostId, media_object_id: z.guid(), percent: z.number().min(0).max(100) })
    .describe('Progress of processing; volatile, without a seq'),
  'conversation.added': z.object({ conversation_id: hostId }).describe('The user became a member'),
  'conversation.removed': z
    .object({ conversation_id: hostId })
    .describe('The user is no longer a member, or the conversation was erased'),
  'session.expiring': z
    .object({ expires_at: z.iso.datetime() })
    .describe('The token expires soon: send auth:refresh'),
  'session.moving': z
    .object({ closes_in_ms: z.int().nonnegative() })
    .describe('This gateway is shutting down: reconnect, to another one'),
  resync: z
    .object({ conversation_id: hostId })
    .describe('Events cannot be replayed: load the conversation again'),
} satisfies { [Name in keyof ServerToClientEvents]: z.ZodType<Parameters<ServerToClientEvents[Name]>[0]> };

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);
const socketError = z.object({
  error: z.object({ code: z.enum(Object.keys(PROBLEMS).filter(isProblemCode)), message: z.string() }),
});
const subscribeAnswer = z.union([
  z.object({ ok: z.literal(true), last_seq: z.int().nonnegative() }),
  z.object({ ok: z.literal(true), resync: z.literal(true) }),
  socketError,
]) satisfies z.ZodType<SubscribeAnswer>;
const subscribeAllAnswer = z.union([
  z.object({
    ok: z.literal(true),
    conversations: z.record(hostId, subscribeAnswer),
    next: hostId.optional().describe('There are more conversations: pass it as `after`'),
  }),
  socketError,
]) satisfies z.ZodType<SubscribeAllAnswer>;
const plainAnswer = z.union([z.object({ ok: z.literal(true) }), socketError]);

/** Events that a client may send, and their answers. */
export const CLIENT_REQUEST_SCHEMAS = {
  subscribe: {
    request: subscribeSchema.describe(
      'Missed events (seq > since_seq) are sent before the answer; without since_seq only future events',
    ),
    answer: subscribeAnswer,
  },
  'subscribe:all': {
    request: subscribeAllSchema.describe(
      `Subscribes to all conversations of the user, ${LIMITS.subscribeAllPage} at a time in the order of their ids`,
    ),
    answer: subscribeAllAnswer,
  },
  unsubscribe: { request: unsubscribeSchema, answer: plainAnswer },
  'auth:refresh': {
    request: authRefreshSchema.describe('A fresh token of the same user'),
    answer: plainAnswer,
  },
} satisfies Record<keyof ClientToServerEvents, { request: z.ZodType; answer: z.ZodType }>;
