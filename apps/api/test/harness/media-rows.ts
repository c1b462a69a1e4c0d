import type { Derivative, MediaRow } from '../../src/media/record/media-row.ts';

export const NOW = new Date('2026-01-02T03:04:05.678Z');
export const ID = '01900000-0000-7000-8000-000000000001';

/** A derivative of {@link rowOf}'s media object. */
export const derivative = (epoch: number, quality: Derivative['quality'], size = 1n): Derivative => ({
  media_object_id: ID,
  epoch,
  quality,
  format: 'webp',
  s3_bucket: 'claimcheck',
  object_storage_key: `${ID}/e${epoch}/${quality}.webp`,
  size_bytes: size,
  width: null,
  height: null,
  created_at: NOW,
  further_formats: [],
});

/** A photo in its first epoch, with the differences that a test asks for. */
export const rowOf = (changed: Partial<MediaRow>): MediaRow => ({
  media_object_id: ID,
  rev: 7,
  epoch: 1,
  state: 'processing',
  kind: 'image',
  owner_user_id: 'ann',
  conversation_id: null,
  filename: 'a.jpg',
  data: null,
  content_type: 'image/jpeg',
  size_bytes: 1_000n,
  sha256: null,
  is_sha256_verified: false,
  width: null,
  height: null,
  duration_ms: null,
  thumbhash: null,
  waveform: [],
  page_count: null,
  alt: null,
  upload_state: 'uploaded',
  thumbnail_state: 'none',
  scan_state: 'pending',
  transcode_state: 'none',
  progress: null,
  applied_epoch: 0,
  object_storage_key: `${ID}/source`,
  s3_bucket: 'claimcheck',
  original_url: null,
  virus_name: null,
  failure_code: null,
  failure_message: null,
  ready_by: null,
  settle_by: null,
  former_state: null,
  kept_at: null,
  expires_at: null,
  created_at: NOW,
  updated_at: NOW,
  derivatives: [],
  ...changed,
});
