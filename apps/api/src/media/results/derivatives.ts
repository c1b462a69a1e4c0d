import { DERIVED_QUALITIES, type DerivedQuality, FORMATS, type Format } from '@claimcheck/contracts/media';
import type { Derivative, MediaRow } from '../record/media-row.ts';

/** An entry of a result whose URL was resolved to a key of our bucket. */
export interface ProcessedObject {
  quality: string;
  format: string;
  key: string;
  size: number;
  width?: number | undefined;
  height?: number | undefined;
}

export const isQuality = (quality: string): quality is DerivedQuality =>
  (DERIVED_QUALITIES as readonly string[]).includes(quality);
export const isFormat = (format: string): format is Format => (FORMATS as readonly string[]).includes(format);

/** The derivatives that a worker has made, as far as this release knows their quality and format. */
export const toDerivatives = (
  { media_object_id, s3_bucket }: Pick<MediaRow, 'media_object_id' | 's3_bucket'>,
  epoch: number,
  processed: readonly ProcessedObject[],
  now: Date,
): Derivative[] =>
  processed.flatMap(({ quality, format, key, size, width = null, height = null }) =>
    isQuality(quality) && isFormat(format)
      ? [
          {
            media_object_id,
            epoch,
            quality,
            format,
            s3_bucket,
            object_storage_key: key,
            size_bytes: BigInt(size),
            width,
            height,
            created_at: now,
          },
        ]
      : [],
  );
