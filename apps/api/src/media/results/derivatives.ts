import { DERIVED_QUALITIES, type DerivedQuality, FORMATS, type Format } from '@claimcheck/contracts/media';
import type { Derivative, MediaRow } from '../record/media-row.ts';

/** An entry of a result whose URL was resolved to a key of our bucket. */
export interface ProcessedObject {
  quality: string;
  format: string;
  key: string;
  /** The bucket of the object; the source's by default. */
  bucket?: string | undefined;
  size: number;
  width?: number | undefined;
  height?: number | undefined;
}

export const isQuality = (quality: string): quality is DerivedQuality =>
  (DERIVED_QUALITIES as readonly string[]).includes(quality);
export const isFormat = (format: string): format is Format => (FORMATS as readonly string[]).includes(format);

/** A row stores one format of a quality: the first, or among thumbnails the first jpg. */
const chosen = (derivatives: readonly Derivative[]): Derivative[] => {
  const kept = new Map<DerivedQuality, Derivative>();
  for (const derivative of derivatives) {
    const { quality, format } = derivative;
    const isBetter = quality === 'thumbnail' && format === 'jpg' && kept.get(quality)?.format !== 'jpg';
    if (!kept.has(quality) || isBetter) kept.set(quality, derivative);
  }
  return [...kept.values()];
};

/**
 * Returns the derivatives of a worker whose quality and format this release knows. A thumbnail that is already a jpg stays.
 */
export const toDerivatives = (
  {
    media_object_id,
    s3_bucket,
    derivatives,
  }: Pick<MediaRow, 'media_object_id' | 's3_bucket' | 'derivatives'>,
  epoch: number,
  processed: readonly ProcessedObject[],
  now: Date,
): Derivative[] => {
  const known = processed.flatMap(
    ({ quality, format, key, bucket = s3_bucket, size, width = null, height = null }) =>
      isQuality(quality) && isFormat(format)
        ? [
            {
              ...{ media_object_id, epoch, quality, format, s3_bucket: bucket },
              ...{ object_storage_key: key, size_bytes: BigInt(size), width, height, created_at: now },
            },
          ]
        : [],
  );
  const hasJpg = derivatives.some(
    (one) => one.epoch === epoch && one.quality === 'thumbnail' && one.format === 'jpg',
  );
  return chosen(known).filter(
    ({ quality, format }) => !(hasJpg && quality === 'thumbnail' && format !== 'jpg'),
  );
};

/** The thumbnail of a picture for which its worker made none: its `low`. */
export const standInThumbnail = (
  row: Pick<MediaRow, 'derivatives'>,
  epoch: number,
  added: readonly Derivative[],
): Derivative[] => {
  const kept = [...row.derivatives.filter((one) => one.epoch === epoch), ...added];
  const low = added.find(({ quality }) => quality === 'low');
  const hasThumbnail = kept.some(({ quality }) => quality === 'thumbnail');
  return hasThumbnail || low === undefined ? [] : [{ ...low, quality: 'thumbnail' }];
};
