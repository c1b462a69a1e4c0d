import type { SignedPart, UploadInstructions, UploadParts } from '../wire/upload.ts';
import { putBytes } from './put-bytes.ts';
import type { TransferContext } from './transfer-context.ts';

const PARTS_AT_ONCE = 3;

/** PUTs the parts that the storage lacks. Parts from an earlier attempt stay stored. */
export const sendInParts = async (
  { url, headers }: UploadInstructions,
  { http, bytes, signal, onProgress }: TransferContext,
): Promise<void> => {
  const sent = new Map<number, number>();
  const report = () => onProgress([...sent.values()].reduce((sum, size) => sum + size, 0));

  const send = async ({ number, url: partUrl }: SignedPart, chunkSize: number) => {
    const start = (number - 1) * chunkSize;
    await putBytes(partUrl, bytes.slice(start, start + chunkSize, ''), {
      headers: {},
      signal,
      onProgress: (size) => {
        sent.set(number, size);
        report();
      },
    });
  };

  for (;;) {
    const next = await http.request<UploadParts>('POST', url, undefined, { headers, signal });
    for (const { number, size_bytes } of next.finished) sent.set(number, size_bytes);
    report();
    if (next.parts.length === 0) return;
    await forEachAtOnce(next.parts, PARTS_AT_ONCE, (part) => send(part, next.chunk_size));
  }
};

/** After a failure no further part starts. Parts already on their way arrive, and need not be sent again. */
const forEachAtOnce = async <Item>(
  items: readonly Item[],
  atOnce: number,
  action: (item: Item) => Promise<void>,
): Promise<void> => {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      try {
        await action(item);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
};
