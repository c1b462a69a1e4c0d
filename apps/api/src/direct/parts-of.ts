import type { UploadPart } from '@claimcheck/contracts/rest';
import type { DirectUpload } from '../media/uploads/direct-sessions.ts';

/** Returns the parts of an upload: all except the last are as long as the first. */
export const planParts = ({ length, part_size }: Pick<DirectUpload, 'length' | 'part_size'>): UploadPart[] =>
  Array.from({ length: Math.ceil(length / part_size) }, (_, index) => ({
    number: index + 1,
    size_bytes: Math.min(part_size, length - index * part_size),
  }));

/** Splits the parts into those stored in full and those missing; unknown ones are ignored. */
export const partsOf = <Stored extends UploadPart>(
  upload: Pick<DirectUpload, 'length' | 'part_size'>,
  stored: readonly Stored[],
): { finished: Stored[]; missing: UploadPart[] } => {
  const byNumber = new Map(stored.map((part) => [part.number, part]));
  const finished: Stored[] = [];
  const missing: UploadPart[] = [];
  for (const part of planParts(upload)) {
    const found = byNumber.get(part.number);
    if (found?.size_bytes === part.size_bytes) finished.push(found);
    else missing.push(part);
  }
  return { finished, missing };
};
