import { z } from 'zod';
import type { Problem } from './errors.ts';
import { hostData } from './host-data.ts';
import { clientKey, hostId, uuid } from './ids.ts';
import { LIMITS } from './limits.ts';
import { type Media, QUALITIES } from './media.ts';
import type { Message } from './messages.ts';
import { alt, declaredType, filename, sha256 } from './text.ts';

export const createConversationSchema = z.strictObject({
  conversation_id: hostId.optional(),
  member_ids: z.array(hostId).max(1_000),
});

export const devLoginSchema = z.strictObject({ user_id: hostId });

const wholeNumber = (min = 0, max = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max}`);

export const limit = wholeNumber(1, LIMITS.pageSize).default(50);
export const messagesQuerySchema = z.strictObject({ before_seq: wholeNumber().optional(), limit });
export const eventsQuerySchema = z.strictObject({ since_seq: wholeNumber().default(0), limit });
export const longPollQuerySchema = z.object({
  wait: wholeNumber(0, LIMITS.longPollSeconds).default(0),
  after_rev: wholeNumber().optional(),
});

/** `DELETE /v1/media/:id`. With force, a backend takes down media that messages refer to; `reason` is stored. */
export const deleteMediaQuerySchema = z.object({
  force: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
  reason: z.string().max(500).default(''),
});

/** An optional value. The empty string counts as absent, since many clients send it. */
const orEmpty = <Value>(schema: z.ZodType<Value>) =>
  z
    .union([z.literal(''), schema])
    .transform((value) => (value === '' ? undefined : (value as Value)))
    .optional();

/** A file's name; `file` when a client sends none. */
const declaredName = z
  .string()
  .default('file')
  .transform((name) => name || 'file')
  .pipe(filename);

/** Decoded `Upload-Metadata` of a tus creation. Other keys are ignored. */
export const uploadMetadataSchema = z.object({
  filename: declaredName,
  filetype: declaredType,
  client_media_id: orEmpty(clientKey),
  conversation_id: orEmpty(hostId),
  sha256: orEmpty(sha256),
  alt: orEmpty(alt),
});
export type UploadMetadata = z.infer<typeof uploadMetadataSchema>;

export const UPLOAD_PROTOCOLS = ['tus', 'put', 'multipart'] as const;
export type UploadProtocol = (typeof UPLOAD_PROTOCOLS)[number];

/** `POST /v1/media`: sizes in bytes and pixels. Optional values are shown until the worker has inspected the file. */
export const authorizeUploadSchema = z.strictObject({
  client_media_id: clientKey,
  filename: declaredName,
  size_bytes: z.int().nonnegative(),
  content_type: declaredType,
  sha256: orEmpty(sha256),
  conversation_id: orEmpty(hostId),
  width: z.int().min(1).max(1_000_000).optional(),
  height: z.int().min(1).max(1_000_000).optional(),
  duration_ms: z.int().nonnegative().max(LIMITS.count).optional(),
  thumbhash: z.base64().max(64).optional(),
  alt: orEmpty(alt),
  data: hostData.optional(),
  /** Ways in which this client can send the bytes; the server chooses one by the size. */
  protocols: z.array(z.enum(UPLOAD_PROTOCOLS)).min(1).max(UPLOAD_PROTOCOLS.length).default(['tus']),
});
export type AuthorizeUpload = z.infer<typeof authorizeUploadSchema>;

/** One part of a multipart upload. */
export interface UploadPart {
  /** Starts at 1; part n begins at byte (n−1) · chunk_size. */
  number: number;
  size_bytes: number;
}

/** A part to PUT, with exactly `size_bytes` bytes and no further headers. */
export interface SignedPart extends UploadPart {
  url: string;
}

/**
 * Where and how to send the bytes. `none`: the server already has them. `put`: one request with the whole file.
 * `multipart`: a PUT for each of `parts`; a POST to `url` returns those that are still missing.
 */
export interface UploadInstructions {
  protocol: UploadProtocol | 'none';
  url: string;
  method?: 'PATCH' | 'PUT' | 'POST';
  /** The client must send all of them. */
  headers: Record<string, string>;
  parts?: SignedPart[];
  /** Bytes of every part but the last. */
  chunk_size?: number;
  /** After `put` and `multipart`: POST to it when all bytes are sent. Repeatable. */
  complete?: { url: string; headers: Record<string, string> };
  expires_at: string;
}

/** `POST /v1/media/:id/parts`. Without numbers: the next missing ones. */
export const signPartsSchema = z
  .strictObject({ numbers: z.array(z.int().min(1).max(10_000)).min(1).max(LIMITS.signedParts).optional() })
  .optional();

/** The answer of `POST /v1/media/:id/parts`. */
export interface UploadParts {
  /** Parts that are stored in full. */
  finished: UploadPart[];
  /** Missing parts, at most {@link LIMITS.signedParts} at once; empty when none is missing. */
  parts: SignedPart[];
  chunk_size: number;
  expires_at: string;
}

/** The answer of `POST /v1/media`. */
export interface UploadAuthorization {
  media: Media;
  upload: UploadInstructions;
}

/** The answer of `POST /v1/media/:id/upload-ticket`. */
export type RenewedTicket = UploadInstructions;

export interface Conversation {
  conversation_id: string;
  created_by: string;
  member_ids: string[];
  last_seq: number;
  /** Only in lists. */
  last_message?: Message | undefined;
  created_at: string;
}

/** Answer of `GET /config.json`, for SDKs: public addresses and limits in bytes. */
export interface PublicConfig {
  api_url: string;
  gateway_url: string;
  max_upload_bytes: number;
  /** The largest request that a proxy in front of the api accepts; absent without such a limit. */
  max_request_bytes?: number;
  dev_login: boolean;
}

/** `POST /v1/media/session`. */
export const mediaSessionSchema = z.strictObject({ conversation_id: hostId });

/** The answer: `token` is the `?t=` of media URLs. Times are ISO 8601. */
export interface MediaSessionAnswer {
  token: string;
  expires_at: string;
  refresh_at: string;
}

const mediaUrlRequestSchema = z.strictObject({ id: uuid, quality: z.enum(QUALITIES) });

/** `POST /v1/media/urls`. */
export const mediaUrlsSchema = z.strictObject({ items: z.array(mediaUrlRequestSchema).min(1).max(100) });

/** One answer of `POST /v1/media/urls`: a URL for `<img>` and `<video>`, or the reason why there is none. */
export type MediaUrlItem = z.infer<typeof mediaUrlRequestSchema> &
  ({ url: string; expires_at: string; refresh_at: string } | { error: Problem });

/** The body of `PUT /v1/media/:id/references/:kind/:ref_id`. */
export const referenceSchema = z.strictObject({ conversation_id: hostId, data: hostData.optional() });

/** A host's name for a kind of its references, and for one of them. Claimcheck itself uses `message`. */
export const referenceKind = hostId.refine((kind) => kind !== 'message', 'message is kept by this service');
export const referenceId = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'must match [A-Za-z0-9_.:-]{1,128}');

export const CLIENT_REPORT_KINDS = ['download', 'playback', 'upload'] as const;
export const CLIENT_REPORT_REASONS = [
  'network',
  'timeout',
  'expired',
  'http',
  'decode',
  'stalled',
  'other',
] as const;

/** `POST /v1/client-reports`: reports an error that only the client saw. */
export const clientReportSchema = z.strictObject({
  kind: z.enum(CLIENT_REPORT_KINDS),
  reason: z.enum(CLIENT_REPORT_REASONS),
  media_object_id: uuid.optional(),
  quality: z.enum(QUALITIES).optional(),
  /** HTTP status, if there was an answer. */
  status: z.int().min(100).max(599).optional(),
  detail: z.string().max(500).optional(),
});
export type ClientReport = z.infer<typeof clientReportSchema>;
