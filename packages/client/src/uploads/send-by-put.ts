import type { UploadInstructions } from '../wire/upload.ts';
import { putBytes } from './put-bytes.ts';
import type { TransferContext } from './transfer-context.ts';

/** One request with the whole file, which begins anew when it is cut. */
export const sendByPut = (
  { url, headers }: UploadInstructions,
  { bytes, signal, onProgress }: TransferContext,
): Promise<void> =>
  // The signature names the type; one of its own would make the browser send that.
  putBytes(url, bytes.slice(0, bytes.size, ''), { headers, signal, onProgress });
