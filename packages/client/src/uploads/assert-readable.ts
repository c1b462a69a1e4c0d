import { ClaimcheckError } from '../claimcheck-error.ts';

/** A browser refuses to read a file that was changed or removed since it was chosen. Throws `file_changed`. */
export const assertReadable = async (file: Blob, filename: string): Promise<void> => {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch (cause) {
    throw new ClaimcheckError(
      'file_changed',
      `${filename} was changed, moved or deleted while it was sent. Upload it again.`,
      {},
      { cause },
    );
  }
};
