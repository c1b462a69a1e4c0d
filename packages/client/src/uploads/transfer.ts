import type { Media } from '../wire/media.ts';
import type { UploadInstructions } from '../wire/upload.ts';
import { putBytes } from './put-bytes.ts';
import { sendByTus } from './send-by-tus.ts';
import { sendInParts } from './send-in-parts.ts';
import type { TransferContext } from './transfer-context.ts';

/** Sends the remaining bytes in the way that the server chose. Throws ClaimcheckError. */
export const transfer = async (instructions: UploadInstructions, context: TransferContext): Promise<void> => {
  switch (instructions.protocol) {
    case 'none':
      context.onProgress(context.bytes.size);
      return;
    case 'tus':
      return sendByTus(
        { uploadUrl: instructions.url, headers: authorizationOf(instructions.headers) },
        context,
      );
    case 'put':
      await putWhole(instructions, context);
      break;
    case 'multipart':
      await sendInParts(instructions, context);
      break;
  }
  const { complete } = instructions;
  if (complete)
    await context.http.request<Media>('POST', complete.url, undefined, {
      headers: complete.headers,
      signal: context.signal,
    });
};

/** Removes the protocol's version, which the tus client sets itself: sent twice, it would be another version. */
const authorizationOf = ({ authorization }: Record<string, string>): Record<string, string> =>
  authorization === undefined ? {} : { authorization };

/** Sends the whole file in one request, which restarts when it is interrupted. */
const putWhole = (
  { url, headers }: UploadInstructions,
  { bytes, signal, onProgress }: TransferContext,
): Promise<void> =>
  // The signature covers the type: the browser would send the Blob's own type instead.
  putBytes(url, bytes.slice(0, bytes.size, ''), { headers, signal, onProgress });
