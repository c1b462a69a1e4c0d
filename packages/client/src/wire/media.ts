// The package ships without the service's schemas: these say the same, and wire.test-d.ts compares them.

/** `pending → uploading → processing → ready`, or settled otherwise; the last three are never left. */
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

/** What a worker derives. `original` is the best playable form. */
export type DerivedQuality = 'high' | 'medium' | 'low' | 'original' | 'thumbnail';

/** What can be asked for. `source` is what was uploaded, byte for byte. */
export type Quality = 'source' | DerivedQuality;

/** The best format of a quality that is stored. */
export interface StoredQuality {
  quality: DerivedQuality;
  format: 'webp' | 'mp4' | 'jpg' | 'm3u8' | 'm4a';
  /** Pixels. */
  width?: number | undefined;
  /** Pixels. */
  height?: number | undefined;
  size_bytes: number;
}

/** A JSON object of the host's, at most 1 KiB. */
export type HostData = Record<string, unknown>;

/** A media object as the service describes it. URLs are stable, and want a token. */
export interface Media {
  media_object_id: string;
  /** Grows with each change; of two descriptions the one with the higher `rev` is right. */
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
  /** Peaks of a sound in equal parts of its length, 0 to 100; at most 100. */
  waveform?: number[] | undefined;
  /** Pages of a document. */
  page_count?: number | undefined;
  /** The picture in words. */
  alt?: string | undefined;
  /** The host's own. */
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
  /** Percent of the transcoding. */
  progress?: number | undefined;
  /** ISO 8601. */
  expires_at?: string | undefined;
  /** ISO 8601. */
  created_at: string;
  /** Why it failed, for a program and for people. */
  failure?: { code: string; message: string } | undefined;
}

/** A media object of an album: events leave out what is optional here; pages of messages have it. */
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

/** Whether nothing of it can ever be shown again. */
export const isGone = ({ state }: Pick<Media, 'state'>): boolean => TOMBSTONES.includes(state);

/** Whether nothing more happens to it by itself. */
export const isSettled = ({ state }: Pick<Media, 'state'>): boolean => SETTLED.includes(state);
