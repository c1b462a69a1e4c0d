import type { Media } from '../wire/media.ts';
import type { UploadInstructions } from '../wire/upload.ts';
import { putBytes } from './put-bytes.ts';
import { sendByTus } from './send-by-tus.ts';
import { sendInParts } from './send-in-parts.ts';
import type { TransferContext } from './transfer-context.ts';

/** Sends what is still to be sent, in the way that the server chose. Throws ClaimcheckError. */
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

/** The tus client names the protocol's version itself; twice it would be another version. */
const authorizationOf = ({ authorization }: Record<string, string>): Record<string, string> =>
  authorization === undefined ? {} : { authorization };

/** One request with the whole file, which starts again when it is cut. */
const putWhole = (
  { url, headers }: UploadInstructions,
  { bytes, signal, onProgress }: TransferContext,
): Promise<void> =>
  // The signature names the type: a Blob's own type would make the browser send that instead.
  putBytes(url, bytes.slice(0, bytes.size, ''), { headers, signal, onProgress });
