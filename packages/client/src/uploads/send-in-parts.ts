import type { SignedPart, UploadInstructions, UploadParts } from '../wire/upload.ts';
import { putBytes } from './put-bytes.ts';
import type { TransferContext } from './transfer.ts';

const PARTS_AT_ONCE = 3;

/** PUTs the parts that the storage does not have; what an earlier attempt sent stays sent. */
export const sendInParts = async (
  { url, headers }: UploadInstructions,
  { http, bytes, signal, onProgress }: TransferContext,
): Promise<void> => {
  const sent = new Map<number, number>();
  const report = () => onProgress([...sent.values()].reduce((sum, size) => sum + size, 0));

  const send = async ({ number, url: partUrl }: SignedPart, chunkSize: number, partSignal: AbortSignal) => {
    const start = (number - 1) * chunkSize;
    await putBytes(partUrl, bytes.slice(start, start + chunkSize, ''), {
      headers: {},
      signal: partSignal,
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
    await forEachAtOnce(next.parts, PARTS_AT_ONCE, signal, (part, partSignal) =>
      send(part, next.chunk_size, partSignal),
    );
  }
};

/** The first failure ends the others and is thrown. */
const forEachAtOnce = async <Item>(
  items: readonly Item[],
  atOnce: number,
  signal: AbortSignal,
  action: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item, either);
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    failed.abort();
  }
};
