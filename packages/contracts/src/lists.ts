import { z } from 'zod';
import { hostData } from './host-data.ts';
import { hostId } from './ids.ts';
import { MEDIA_KINDS, mediaSchema } from './media.ts';
import { messageSchema } from './messages.ts';
import { limit } from './rest.ts';

const before = z
  .string()
  .max(512)
  .optional()
  .describe('The `next` of the previous page; absent for the first page');
const kind = z.enum(MEDIA_KINDS).optional();

/** `GET /v1/conversations/:id/media`: pages, newest first. */
export const galleryQuerySchema = z.strictObject({ kind, before, limit });
/** `GET /v1/users/:user_id/media`: pages, newest first. */
export const userMediaQuerySchema = z.strictObject({ kind, before, limit });
/** `GET /v1/conversations`: pages, those with the latest message first. */
export const conversationsQuerySchema = z.strictObject({
  before,
  limit,
  user_id: hostId.optional().describe('The user whose conversations to list; only for a backend'),
});

const next = z.string().optional().describe('There are more items: pass it as `before`');

/** A media object of a conversation, and the message or reference that shows it. */
export const galleryItemSchema = z.object({
  media: mediaSchema,
  /** Messages of this service have it; a host's own messages have only `reference`. */
  message: messageSchema
    .pick({ message_id: true, seq: true, sender_user_id: true, created_at: true })
    .optional(),
  filename: z.string().optional(),
  alt: z.string().optional(),
  reference: z.object({ kind: z.string(), ref_id: z.string(), data: hostData.optional() }),
});
export type GalleryItem = z.infer<typeof galleryItemSchema>;

export const galleryPageSchema = z.object({ items: z.array(galleryItemSchema), next });
export type GalleryPage = z.infer<typeof galleryPageSchema>;

export const userMediaPageSchema = z.object({ media: z.array(mediaSchema), next });
export type UserMediaPage = z.infer<typeof userMediaPageSchema>;

/** `GET /v1/users/:user_id/usage`. An absent limit is not set. */
export const usageSchema = z.object({
  user_id: hostId,
  used_bytes: z.int().nonnegative(),
  quota_bytes: z.int().nonnegative().optional(),
  open_uploads: z.int().nonnegative(),
  max_open_uploads: z.int().nonnegative(),
  uploads_today: z.int().nonnegative(),
  max_uploads_per_day: z.int().nonnegative().optional(),
});
export type Usage = z.infer<typeof usageSchema>;
