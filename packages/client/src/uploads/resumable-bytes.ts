import { ClaimcheckError } from '../claimcheck-error.ts';
import { fileFromHandle } from './file-from-handle.ts';
import { lastModifiedOf, type UploadRecord } from './upload-record.ts';

interface BytesSource {
  /** Chosen by the user; otherwise the stored bytes or those behind the handle. */
  given?: Blob | undefined;
  mayAsk: boolean;
}

/**
 * Returns the bytes of an upload from before a reload. It refuses another file: the server would join its bytes to those
 * it already has. Throws `file_missing` and `file_changed`.
 */
export const resumableBytes = async (record: UploadRecord, { given, mayAsk }: BytesSource): Promise<Blob> => {
  if (given === undefined && record.file !== undefined) return record.file;
  const file = given ?? (await fileFromHandle(record.handle, mayAsk));
  if (file === undefined) throw missingFile(record);
  if (!isUnchanged(record, file))
    throw new ClaimcheckError(
      'file_changed',
      `${record.filename} has changed since its upload began (it had ${record.sizeBytes} bytes), or is another file. Upload it again.`,
    );
  return file;
};

export const missingFile = ({ filename, sizeBytes }: UploadRecord): ClaimcheckError =>
  new ClaimcheckError(
    'file_missing',
    `Choose ${filename} (${sizeBytes} bytes) again to continue its upload.`,
  );

const isUnchanged = ({ sizeBytes, lastModified }: UploadRecord, file: Blob): boolean => {
  const modified = lastModifiedOf(file);
  const isSameTime = lastModified === undefined || modified === undefined || modified === lastModified;
  return file.size === sizeBytes && isSameTime;
};
