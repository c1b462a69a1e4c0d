import { open } from 'node:fs/promises';
import { fileTypeFromFile } from 'file-type';

const TEXT_SAMPLE_BYTES = 64 * 1024;

/** The content type by the bytes alone; `text/plain` for UTF-8, `application/octet-stream` for the unknown. */
export const sniff = async (path: string): Promise<string> => {
  const found = await fileTypeFromFile(path);
  if (found !== undefined) return found.mime;
  return (await looksLikeText(path)) ? 'text/plain' : 'application/octet-stream';
};

const looksLikeText = async (path: string): Promise<boolean> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TEXT_SAMPLE_BYTES), 0, TEXT_SAMPLE_BYTES, 0);
    return isText(buffer.subarray(0, bytesRead), bytesRead < TEXT_SAMPLE_BYTES);
  } finally {
    await file.close();
  }
};

/** @param isWhole the bytes are not only a beginning, which may end within a character */
export const isText = (bytes: Uint8Array, isWhole: boolean): boolean => {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
    return true;
  } catch {
    return false;
  }
};
