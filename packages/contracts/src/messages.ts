import { z } from 'zod';
import { hostData } from './host-data.ts';
import { clientKey, hostId, uuid } from './ids.ts';
import { LIMITS } from './limits.ts';
import { mediaReferenceSchema, mediaSchema } from './media.ts';
import { alt, filename, messageBody } from './text.ts';

export const MESSAGE_TYPES = ['text', 'image', 'video', 'audio', 'file'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

const attachmentInput = z.strictObject({
  media_object_id: uuid,
  filename: filename.optional(),
  alt: alt.optional(),
});

const isDistinct = (items: readonly { media_object_id: string }[]): boolean =>
  new Set(items.map(({ media_object_id }) => media_object_id)).size === items.length;

/**
 * `POST /v1/conversations/:id/messages`. If `message_type` is absent or contradicts the media, it is derived from them.
 * Only `file` is a choice: it shows a picture or a film as a file.
 */
export const sendMessageSchema = z
  .strictObject({
    client_message_id: clientKey,
    message_type: z.enum(MESSAGE_TYPES).optional(),
    body: messageBody.optional(),
    media_object_id: uuid.optional(),
    filename: filename.optional(),
    alt: alt.optional(),
    attachments: z
      .array(attachmentInput)
      .min(1)
      .max(LIMITS.attachments)
      .refine(isDistinct, 'must not name a media object twice')
      .optional(),
    data: hostData.optional(),
  })
  .refine(
    ({ media_object_id, attachments }) =>
      media_object_id === undefined ||
      attachments === undefined ||
      attachments[0]?.media_object_id === media_object_id,
    { path: ['media_object_id'], message: 'must be the first of attachments, or be left out' },
  )
  .refine(
    (message) =>
      message.attachments === undefined || (message.filename === undefined && message.alt === undefined),
    { path: ['attachments'], message: 'have a filename and an alt of their own, the message then has none' },
  )
  .refine(
    (message) =>
      (message.message_type ?? 'text') === 'text' ||
      message.media_object_id !== undefined ||
      message.attachments !== undefined,
    { path: ['media_object_id'], message: 'is required unless message_type is text' },
  )
  .refine(
    (message) =>
      message.media_object_id !== undefined ||
      message.attachments !== undefined ||
      (message.body ?? '') !== '',
    { path: ['body'], message: 'is required in a message without media' },
  );
export type SendMessage = z.infer<typeof sendMessageSchema>;

/** `PATCH …/messages/:id`: an absent field stays; null removes a text. */
export const editMessageSchema = z
  .strictObject({
    body: messageBody.nullable().optional(),
    alt: alt.nullable().optional(),
    attachments: z
      .array(z.strictObject({ media_object_id: uuid, alt: alt.nullable() }))
      .min(1)
      .max(LIMITS.attachments)
      .refine(isDistinct, 'must not name a media object twice')
      .optional(),
  })
  .refine(
    (edit) => Object.values(edit).some((value) => value !== undefined),
    'must have body, alt or attachments',
  );
export type EditMessage = z.infer<typeof editMessageSchema>;

/** One item of an album. Without `media_object_id` its media object was removed. */
export const attachmentSchema = z.object({
  media_object_id: z.guid().optional(),
  filename: z.string().optional(),
  alt: z.string().optional(),
  media: mediaReferenceSchema.optional(),
});

export const messageSchema = z.object({
  message_id: z.guid(),
  conversation_id: hostId,
  seq: z.int().positive(),
  sender_user_id: hostId,
  /** Only its sender receives it. */
  client_message_id: clientKey.optional(),
  message_type: z.enum(MESSAGE_TYPES),
  body: z.string().optional(),
  media_object_id: z.guid().optional(),
  filename: z.string().optional(),
  alt: z.string().optional(),
  /** Its single media object; an album's are in `attachments`. */
  media: mediaSchema.optional(),
  /** An album of 2 to 10; `media_object_id` is its first item. */
  attachments: z.array(attachmentSchema).optional(),
  data: hostData.optional(),
  created_at: z.iso.datetime(),
  /** Grows with each edit: of two versions of a message, the later one counts. */
  edited_at: z.iso.datetime().optional(),
});
export type Message = z.infer<typeof messageSchema>;
