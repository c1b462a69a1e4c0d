import { HLS_PLAYLIST, hlsContentType } from '@claimcheck/contracts/hls';
import { isTombstone, type Quality } from '@claimcheck/contracts/media';
import { ProblemError } from '../../problem-error.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { type Derivative, formatsOf, type MediaRow } from '../record/media-row.ts';
import { currentDerivatives } from '../record/media-view.ts';
import { isDeliverable } from '../record/scan-policy.ts';
import type { Viewer } from './media-access.ts';

/** One object of the storage, and how to serve it. */
export interface Download {
  bucket: string;
  key: string;
  content_type: string;
  filename: string;
  size_bytes: number;
  duration_ms: number | undefined;
  /** The attempt that made it, if this is the main playlist of an HLS folder. */
  hls_epoch?: number;
  /** The attempt that the media object shows; `?v=` of its URLs. */
  epoch: number;
  /** Whether to save it instead of displaying it: `?download=1`. */
  is_attachment?: boolean;
}

const CONTENT_TYPES = {
  webp: 'image/webp',
  jpg: 'image/jpeg',
  mp4: 'video/mp4',
  m3u8: 'application/vnd.apple.mpegurl',
  m4a: 'audio/mp4',
} as const;

/** Returns the state that counts for downloads: an expiring media object is served or refused as before. */
const servedState = ({ state, former_state }: MediaRow): MediaRow['state'] => former_state ?? state;

const assertAvailable = (row: MediaRow, settings: DomainConfig, quality: Quality): void => {
  const extra = { media_object_id: row.media_object_id };
  if (isTombstone(row.state)) throw new ProblemError('media_gone', extra);
  if (servedState(row) === 'failed') throw new ProblemError('media_failed', extra);
  if (row.upload_state !== 'uploaded') throw new ProblemError('media_not_uploaded', extra);
  // Claimcheck itself encodes the thumbnail, so members may see it before the verdict.
  if (quality !== 'thumbnail' && !isDeliverable(settings, row.scan_state))
    throw new ProblemError('media_not_scanned', extra);
};

const isPlaylist = ({ format }: Derivative): boolean => format === 'm3u8';

/** The best playable form of a video that is delivered only as HLS. */
const hlsInstead = (row: MediaRow, quality: Quality): Derivative | undefined => {
  const high = quality === 'original' ? currentDerivatives(row).get('high') : undefined;
  return high && formatsOf(high).find(isPlaylist);
};

const sourceOf = (row: MediaRow): Download => ({
  bucket: row.s3_bucket,
  key: row.object_storage_key,
  content_type: row.content_type,
  filename: row.filename,
  size_bytes: Number(row.size_bytes),
  duration_ms: row.duration_ms ?? undefined,
  epoch: row.applied_epoch,
});

const withExtension = (filename: string, extension: string): string =>
  `${filename.replace(/\.[A-Za-z0-9]{1,5}$/, '')}.${extension}`;

/**
 * Returns the object for a quality. The caller has already checked the viewer's right to see the media object.
 *
 * @throws ProblemError `media_gone` · `media_not_uploaded` · `media_failed` · `media_not_scanned` ·
 *   `media_not_ready` · `forbidden` for a source reserved for its owner
 */
export const resolveDownload = (
  row: MediaRow,
  settings: DomainConfig,
  quality: Quality,
  { user_id, is_backend }: Pick<Viewer, 'user_id' | 'is_backend'>,
): Download => {
  assertAvailable(row, settings, quality);
  const current = currentDerivatives(row);
  const derivative = quality === 'source' ? undefined : (current.get(quality) ?? hlsInstead(row, quality));
  if (derivative !== undefined)
    return {
      bucket: derivative.s3_bucket,
      key: derivative.object_storage_key,
      content_type: CONTENT_TYPES[derivative.format],
      filename: withExtension(row.filename, derivative.format),
      size_bytes: Number(derivative.size_bytes),
      duration_ms: row.duration_ms ?? undefined,
      ...(derivative.format === 'm3u8' ? { hls_epoch: derivative.epoch } : {}),
      epoch: row.applied_epoch,
    };
  // Without a transcoded video, the best playable form is the source.
  const sourceServes = quality === 'original' && (row.kind !== 'video' || servedState(row) === 'degraded');
  if (quality !== 'source' && !sourceServes)
    throw new ProblemError('media_not_ready', { media_object_id: row.media_object_id });
  const maySeeSource =
    settings.sourceAccess === 'members' || is_backend === true || row.owner_user_id === user_id;
  if (!maySeeSource) throw new ProblemError('forbidden');
  return sourceOf(row);
};

/**
 * Returns a playlist or segment of a video's HLS, by the number of its attempt and its name.
 *
 * @throws ProblemError as {@link resolveDownload}, `not_found` for a name that occurs in no HLS folder
 */
export const resolveHlsFile = (
  row: MediaRow,
  settings: DomainConfig,
  epoch: number,
  file: string,
): Download => {
  const content_type = hlsContentType(file);
  if (content_type === undefined) throw new ProblemError('not_found');
  assertAvailable(row, settings, 'high');
  const playlist = row.derivatives
    .filter((derivative) => derivative.epoch === epoch && epoch <= row.applied_epoch)
    .flatMap(formatsOf)
    .find(isPlaylist);
  if (playlist === undefined)
    throw new ProblemError('media_not_ready', { media_object_id: row.media_object_id });
  const { object_storage_key, size_bytes } = playlist;
  return {
    bucket: playlist.s3_bucket,
    // It lies next to the main playlist, whose key was checked when the worker reported it.
    key:
      file === HLS_PLAYLIST
        ? object_storage_key
        : `${object_storage_key.slice(0, object_storage_key.lastIndexOf('/'))}/${file}`,
    content_type,
    filename: file,
    size_bytes: Number(size_bytes),
    duration_ms: row.duration_ms ?? undefined,
    epoch: row.applied_epoch,
  };
};
