import { DERIVED_QUALITIES, type DerivedQuality, FORMATS, type Format } from '@claimcheck/contracts/media';
import type { Transaction } from '@claimcheck/database/database';
import type { MediaRow } from '../record/media-row.ts';

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

/** Keeps what a worker has made, as far as we know its quality and format. @returns the qualities kept */
export const storeDerivatives = async (
  tx: Transaction,
  row: MediaRow,
  epoch: number,
  processed: readonly ProcessedObject[],
): Promise<Pick<MediaRow['derivatives'][number], 'quality' | 'format'>[]> => {
  const known = processed.flatMap(({ quality, format, ...rest }) =>
    isQuality(quality) && isFormat(format) ? [{ quality, format, ...rest }] : [],
  );
  for (const { quality, format, key, size, width, height } of known) {
    const data = {
      format,
      s3_bucket: row.s3_bucket,
      object_storage_key: key,
      size_bytes: size,
      width: width ?? null,
      height: height ?? null,
    };
    const id = { media_object_id: row.media_object_id, epoch, quality };
    await tx.db.derivative.upsert({
      where: { media_object_id_epoch_quality: id },
      create: { ...id, ...data },
      update: data,
    });
  }
  return known.map(({ quality, format }) => ({ quality, format }));
};
