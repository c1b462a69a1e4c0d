// The package ships without the service's schemas. These types are equal to them; wire.test-d.ts compares both.

/** `pending → uploading → processing → ready`, or settled otherwise. The last three states are final. */
export type MediaState =
  | 'pending'
  | 'uploading'
  | 'processing'
  | 'ready'
  | 'degraded'
  | 'failed'
  | 'expiring'
  | 'blocked'
  | 'expired'
  | 'deleted';

export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'other';

/** Qualities that a worker derives. `original` is the best playable form. */
export type DerivedQuality = 'high' | 'medium' | 'low' | 'original' | 'thumbnail';

/** Qualities that a client can request. `source` is the upload, byte for byte. */
export type Quality = 'source' | DerivedQuality;

/** The best stored format of a quality. */
export interface StoredQuality {
  quality: DerivedQuality;
  format: 'webp' | 'mp4' | 'jpg' | 'm3u8' | 'm4a';
  /** Pixels. */
  width?: number | undefined;
  /** Pixels. */
  height?: number | undefined;
  size_bytes: number;
}

/** The host's own JSON object, at most 1 KiB. */
export type HostData = Record<string, unknown>;

/** A media object as the service describes it. Its URLs are stable, and need a token. */
export interface Media {
  media_object_id: string;
  /** Grows with each change: of two descriptions, the one with the higher `rev` counts. */
  rev: number;
  state: MediaState;
  kind: MediaKind;
  owner_user_id: string;
  filename: string;
  content_type: string;
  size_bytes: number;
  /** Lower-case hexadecimal. */
  sha256?: string | undefined;
  /** Pixels, upright. */
  width?: number | undefined;
  /** Pixels, upright. */
  height?: number | undefined;
  duration_ms?: number | undefined;
  /** Base64; shown until there is a picture. */
  thumbhash?: string | undefined;
  /** Peaks of a sound in equal parts of its length, 0 to 100; at most 100 values. */
  waveform?: number[] | undefined;
  /** Number of pages of a document. */
  page_count?: number | undefined;
  /** Describes the picture in words. */
  alt?: string | undefined;
  /** The host's own data. */
  data?: HostData | undefined;
  upload_state: 'pending' | 'uploading' | 'uploaded' | 'failed' | 'expired';
  thumbnail_state: 'none' | 'pending' | 'ready' | 'failed';
  scan_state: 'pending' | 'clean' | 'infected' | 'unscannable' | 'skipped';
  transcode_state: 'none' | 'pending' | 'running' | 'ready' | 'failed';
  /** Image: medium. Video: original. Everything else: source. */
  mediaUrl: string;
  thumbnailUrl?: string | undefined;
  lowUrl?: string | undefined;
  mediumUrl?: string | undefined;
  highUrl?: string | undefined;
  qualities: StoredQuality[];
  /** Progress of the transcoding in percent. */
  progress?: number | undefined;
  /** ISO 8601. */
  expires_at?: string | undefined;
  /** ISO 8601. */
  created_at: string;
  /** Why it failed: a code for programs, a sentence for people. */
  failure?: { code: string; message: string } | undefined;
}

/** A media object of an album. Events leave out its optional fields; pages of messages have them. */
export interface MediaReference
  extends Omit<
      Media,
      | 'owner_user_id'
      | 'filename'
      | 'upload_state'
      | 'transcode_state'
      | 'mediaUrl'
      | 'qualities'
      | 'created_at'
    >,
    Partial<
      Pick<
        Media,
        | 'owner_user_id'
        | 'filename'
        | 'upload_state'
        | 'transcode_state'
        | 'mediaUrl'
        | 'qualities'
        | 'created_at'
      >
    > {}

const TOMBSTONES: readonly MediaState[] = ['blocked', 'expired', 'deleted'];
const SETTLED: readonly MediaState[] = ['ready', 'degraded', 'failed', ...TOMBSTONES];

/** Returns whether it can never be shown again. */
export const isGone = ({ state }: Pick<Media, 'state'>): boolean => TOMBSTONES.includes(state);

/** Returns whether no further change happens without a request. */
export const isSettled = ({ state }: Pick<Media, 'state'>): boolean => SETTLED.includes(state);
