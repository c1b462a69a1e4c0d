import type { HostData } from '@claimcheck/contracts/host-data';
import { DERIVED_QUALITIES, type DerivedQuality, type Media } from '@claimcheck/contracts/media';
import type { MediaRow } from './media-row.ts';

type Derivative = MediaRow['derivatives'][number];

const rankOf = ({ quality }: Derivative): number => DERIVED_QUALITIES.indexOf(quality);

/** Picks the derivative to show for each quality: the one of the newest applied attempt. They are in the order of qualities. */
export const currentDerivatives = (row: MediaRow): Map<DerivedQuality, Derivative> => {
  const newestLast = row.derivatives
    .filter((derivative) => derivative.epoch <= row.applied_epoch)
    .sort((a, b) => rankOf(a) - rankOf(b) || a.epoch - b.epoch);
  return new Map(newestLast.map((derivative) => [derivative.quality, derivative]));
};

const orUndefined = <T>(value: T | null): T | undefined => value ?? undefined;

/** `{publicUrl}/v1/media/{id}/{quality}`, with the epoch as a version for caches. */
const urlOf = (publicUrl: string, row: MediaRow, quality: string): string =>
  `${publicUrl}/v1/media/${row.media_object_id}/${quality}${row.applied_epoch > 0 ? `?v=${row.applied_epoch}` : ''}`;

/** The address of the uploaded bytes. Requests to workers contain it, so it has no version. */
export const sourceUrlOf = (publicUrl: string, mediaObjectId: string): string =>
  `${publicUrl}/v1/media/${mediaObjectId}/source`;

const mediaUrlOf = (publicUrl: string, row: MediaRow, has: (quality: DerivedQuality) => boolean): string => {
  if (row.kind === 'image' && has('medium')) return urlOf(publicUrl, row, 'medium');
  if ((row.kind === 'video' || row.kind === 'audio') && has('original'))
    return urlOf(publicUrl, row, 'original');
  // Delivered as HLS only.
  if (row.kind === 'video' && has('high')) return urlOf(publicUrl, row, 'high');
  return sourceUrlOf(publicUrl, row.media_object_id);
};

/** Returns a row as clients, hosts and events see it. */
export const toMedia = (row: MediaRow, publicUrl: string): Media => {
  const derivatives = currentDerivatives(row);
  const has = (quality: DerivedQuality) => derivatives.has(quality);
  const urlIfThere = (quality: DerivedQuality) => (has(quality) ? urlOf(publicUrl, row, quality) : undefined);
  return {
    media_object_id: row.media_object_id,
    rev: row.rev,
    state: row.state,
    kind: row.kind,
    owner_user_id: row.owner_user_id,
    filename: row.filename,
    content_type: row.content_type,
    size_bytes: Number(row.size_bytes),
    sha256: orUndefined(row.sha256),
    width: orUndefined(row.width),
    height: orUndefined(row.height),
    duration_ms: orUndefined(row.duration_ms),
    thumbhash: orUndefined(row.thumbhash),
    waveform: row.waveform.length === 0 ? undefined : row.waveform,
    page_count: orUndefined(row.page_count),
    alt: orUndefined(row.alt),
    data: row.data === null ? undefined : (row.data as HostData),
    upload_state: row.upload_state,
    thumbnail_state: row.thumbnail_state,
    scan_state: row.scan_state,
    transcode_state: row.transcode_state,
    mediaUrl: mediaUrlOf(publicUrl, row, has),
    thumbnailUrl: urlIfThere('thumbnail'),
    lowUrl: urlIfThere('low'),
    mediumUrl: urlIfThere('medium'),
    highUrl: urlIfThere('high'),
    qualities: [...derivatives.values()].map((derivative) => ({
      quality: derivative.quality,
      format: derivative.format,
      width: orUndefined(derivative.width),
      height: orUndefined(derivative.height),
      size_bytes: Number(derivative.size_bytes),
    })),
    progress: row.transcode_state === 'running' ? orUndefined(row.progress) : undefined,
    expires_at: row.expires_at?.toISOString(),
    created_at: row.created_at.toISOString(),
    failure:
      row.failure_code === null
        ? undefined
        : { code: row.failure_code, message: row.failure_message ?? row.failure_code },
  };
};
