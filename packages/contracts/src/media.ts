import { z } from 'zod';
import { hostData } from './host-data.ts';

export const MEDIA_STATES = [
  'pending',
  'uploading',
  'processing',
  'ready',
  'degraded',
  'failed',
  'expiring',
  'blocked',
  'expired',
  'deleted',
] as const;
export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'other'] as const;
export const UPLOAD_STATES = ['pending', 'uploading', 'uploaded', 'failed', 'expired'] as const;
export const THUMBNAIL_STATES = ['none', 'pending', 'ready', 'failed'] as const;
export const SCAN_STATES = ['pending', 'clean', 'infected', 'unscannable', 'skipped'] as const;
export const TRANSCODE_STATES = ['none', 'pending', 'running', 'ready', 'failed'] as const;
/** Qualities that a worker can derive. `original` is the best playable form. */
export const DERIVED_QUALITIES = ['high', 'medium', 'low', 'original', 'thumbnail'] as const;
/** Qualities that a member can request. `source` is the upload itself, byte for byte. */
export const QUALITIES = ['source', ...DERIVED_QUALITIES] as const;
export const FORMATS = ['webp', 'mp4', 'jpg', 'm3u8', 'm4a'] as const;
/** Most peaks of a waveform, each 0 to 100. */
export const WAVEFORM_PEAKS = 100;

export type MediaState = (typeof MEDIA_STATES)[number];
export type MediaKind = (typeof MEDIA_KINDS)[number];
export type ScanState = (typeof SCAN_STATES)[number];
export type DerivedQuality = (typeof DERIVED_QUALITIES)[number];
export type Quality = (typeof QUALITIES)[number];
export type Format = (typeof FORMATS)[number];

/** States that are never left; the database enforces it too. */
export const TOMBSTONES: readonly MediaState[] = ['blocked', 'expired', 'deleted'];
/** Settled states: nothing more happens without a request. */
export const SETTLED: readonly MediaState[] = ['ready', 'degraded', 'failed', ...TOMBSTONES];

export const isTombstone = (state: MediaState): boolean => TOMBSTONES.includes(state);
export const isSettled = (state: MediaState): boolean => SETTLED.includes(state);

/** The format of a quality that is served: the first that the worker reported. Sizes in bytes and pixels. */
export const qualitySchema = z.object({
  quality: z.enum(DERIVED_QUALITIES),
  format: z.enum(FORMATS),
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  size_bytes: z.int().nonnegative(),
});

/**
 * A media object as clients, hosts and events see it. Its URLs are stable addresses on our own origin: never signed,
 * never bytes.
 */
export const mediaSchema = z.object({
  media_object_id: z.guid(),
  rev: z.int().positive(),
  state: z.enum(MEDIA_STATES),
  kind: z.enum(MEDIA_KINDS),
  owner_user_id: z.string(),
  filename: z.string(),
  content_type: z.string(),
  size_bytes: z.int().nonnegative(),
  sha256: z.string().optional(),
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  duration_ms: z.int().nonnegative().optional(),
  thumbhash: z.string().optional(),
  /** Loudest moments of a sound in equal parts of its length, 0 to 100. */
  waveform: z.array(z.int().min(0).max(100)).max(WAVEFORM_PEAKS).optional(),
  page_count: z.int().positive().optional(),
  alt: z.string().optional(),
  data: hostData.optional(),
  upload_state: z.enum(UPLOAD_STATES),
  thumbnail_state: z.enum(THUMBNAIL_STATES),
  scan_state: z.enum(SCAN_STATES),
  transcode_state: z.enum(TRANSCODE_STATES),
  mediaUrl: z.url(),
  thumbnailUrl: z.url().optional(),
  lowUrl: z.url().optional(),
  mediumUrl: z.url().optional(),
  highUrl: z.url().optional(),
  qualities: z.array(qualitySchema),
  progress: z.int().min(0).max(100).optional(),
  expires_at: z.iso.datetime().optional(),
  created_at: z.iso.datetime(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Media = z.infer<typeof mediaSchema>;

/**
 * A media object of an album. Events leave out its optional fields, because ten complete media objects do not fit into
 * one event. Pages of messages and `GET /v1/media/:id` have them.
 */
export const mediaReferenceSchema = mediaSchema.partial({
  owner_user_id: true,
  filename: true,
  upload_state: true,
  transcode_state: true,
  mediaUrl: true,
  qualities: true,
  created_at: true,
});
export type MediaReference = z.infer<typeof mediaReferenceSchema>;
