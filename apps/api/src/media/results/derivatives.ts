import { DERIVED_QUALITIES, type DerivedQuality, FORMATS, type Format } from '@claimcheck/contracts/media';
import { type Derivative, type FurtherFormat, formatsOf, type MediaRow } from '../record/media-row.ts';

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

/** Among thumbnails a jpg comes first: a video needs one. */
const servedFirst = (formats: readonly Derivative[]): Derivative[] =>
  formats.toSorted((a, b) => Number(isJpgThumbnail(b)) - Number(isJpgThumbnail(a)));

const isJpgThumbnail = ({ quality, format }: Derivative): boolean =>
  quality === 'thumbnail' && format === 'jpg';

/** Joins formats of one quality into one row. */
const toRow = ([served, ...others]: readonly Derivative[]): Derivative[] => {
  const further_formats = others.map(
    ({ format, s3_bucket, object_storage_key, size_bytes, width, height }): FurtherFormat => ({
      ...{ format, s3_bucket, object_storage_key, size_bytes: Number(size_bytes), width, height },
    }),
  );
  return served === undefined ? [] : [{ ...served, further_formats }];
};

/**
 * Adds the formats that a result reports to those that earlier results of the epoch reported. Of two entries with the same
 * quality and format the first wins; a later result replaces it.
 */
const joinFormats = (before: readonly Derivative[], reported: readonly Derivative[]): Derivative[] => {
  const qualities = new Set(reported.map(({ quality }) => quality));
  return [...qualities].flatMap((wanted) => {
    const own = reported.filter(({ quality }) => quality === wanted);
    const first = own.filter((one) => one === own.find(({ format }) => format === one.format));
    const all = [...before.filter(({ quality }) => quality === wanted), ...first];
    return toRow(servedFirst([...new Map(all.map((one) => [one.format, one])).values()]));
  });
};

/** Returns the rows for the derivatives of a worker whose quality and format this release knows. */
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
  const reported = processed.flatMap(
    ({ quality, format, key, bucket = s3_bucket, size, width = null, height = null }) =>
      isQuality(quality) && isFormat(format)
        ? [
            {
              ...{ media_object_id, epoch, quality, format, s3_bucket: bucket },
              ...{ object_storage_key: key, size_bytes: BigInt(size), width, height, created_at: now },
              further_formats: [],
            },
          ]
        : [],
  );
  return joinFormats(derivatives.filter((one) => one.epoch === epoch).flatMap(formatsOf), reported);
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
