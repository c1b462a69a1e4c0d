import { z } from 'zod';
import { PROBLEMS } from '../errors.ts';
import { hostData } from '../host-data.ts';
import { hostId } from '../ids.ts';
import { mediaSchema, QUALITIES } from '../media.ts';
import { messageSchema } from '../messages.ts';

// Answers of the api, for the OpenAPI document. A test compares every answer of a running api with them.

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS)),
    retryable: z.boolean().describe('Whether the same request may succeed later, unchanged'),
    detail: z.string().optional(),
    field: z.string().optional().describe('The offending field'),
    retry_after_ms: z.int().optional(),
    media_object_id: z.guid().optional(),
  })
  .describe('RFC 9457');

export const conversationSchema = z.object({
  conversation_id: hostId,
  created_by: z.string(),
  member_ids: z.array(hostId),
  last_seq: z.int().nonnegative(),
  last_message: messageSchema.optional().describe('In lists'),
  created_at: z.iso.datetime(),
});

export const uploadInstructionsSchema = z.looseObject({
  protocol: z.string().describe('none: the server already has the bytes'),
  url: z.string(),
  method: z.string().optional(),
  headers: z.record(z.string(), z.string()),
  expires_at: z.iso.datetime(),
});

export const uploadAuthorizationSchema = z.object({ media: mediaSchema, upload: uploadInstructionsSchema });

export const uploadPartsSchema = z.looseObject({
  parts: z.array(z.looseObject({ number: z.int().positive(), url: z.url() })).describe('Parts to PUT'),
});

export const mediaSessionAnswerSchema = z.object({
  token: z.string().describe('The `?t=` of media URLs'),
  expires_at: z.iso.datetime(),
  refresh_at: z.iso.datetime(),
});

const asked = { id: z.guid(), quality: z.enum(QUALITIES) };
export const mediaUrlsAnswerSchema = z.object({
  items: z.array(
    z.union([
      z.object({ ...asked, url: z.url(), expires_at: z.iso.datetime(), refresh_at: z.iso.datetime() }),
      z.object({ ...asked, error: problemSchema }),
    ]),
  ),
});

export const referenceAnswerSchema = z.object({
  media_object_id: z.guid(),
  kind: z.string(),
  ref_id: z.string(),
  conversation_id: hostId,
  data: hostData.optional(),
});

export const conversationsPageSchema = z.object({
  conversations: z.array(conversationSchema),
  next: z.string().optional().describe('There are more items: pass it as `before`'),
});
export const messagesPageSchema = z.object({
  messages: z.array(messageSchema),
  last_seq: z.int().nonnegative(),
});

const event = { conversation_id: hostId, seq: z.int().positive() };
export const eventSchema = z.discriminatedUnion('type', [
  z.object({ ...event, type: z.literal('message.created'), message: messageSchema }),
  z.object({ ...event, type: z.literal('message.updated'), message: messageSchema }),
  z.object({
    ...event,
    type: z.literal('message.deleted'),
    message: z.object({ message_id: z.guid() }),
  }),
  z.object({ ...event, type: z.literal('media.updated'), media: mediaSchema }),
  z.object({ ...event, type: z.literal('member.added'), user_id: hostId }),
  z.object({ ...event, type: z.literal('member.removed'), user_id: hostId }),
]);
export const eventsPageSchema = z.object({
  events: z.array(eventSchema),
  last_seq: z.int().nonnegative(),
  pruned_seq: z.int().nonnegative(),
  resync: z.boolean().describe('Events after since_seq are gone: read the messages again'),
});

export const publicConfigSchema = z.looseObject({
  api_url: z.url(),
  gateway_url: z.url(),
  max_upload_bytes: z.int(),
  max_request_bytes: z.int().optional(),
  dev_login: z.boolean(),
});
