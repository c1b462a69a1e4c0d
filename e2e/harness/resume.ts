import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, WireUpload } from './tus-wire.ts';

const RETRY_MS = 100;

const describe = (answer: Answer | undefined): string => JSON.stringify(answer);

/**
 * Asks for the offset, and again while the server is down or another request holds the upload.
 * @throws without a timely offset, or when the upload does not exist
 */
export const askOffset = async (upload: WireUpload, withinMs = 30_000): Promise<number> => {
  const deadline = performance.now() + withinMs;
  let last: Answer | undefined;
  while (performance.now() < deadline) {
    last = await upload.head(Math.max(1, deadline - performance.now()));
    if (last.kind === 'answered') {
      if (last.status === 200 && last.offset !== undefined) return last.offset;
      if (last.status < 500 && last.status !== 423) break;
    }
    await pause(RETRY_MS);
  }
  throw new Error(`HEAD of ${upload.id} gave no offset within ${withinMs} ms, at last ${describe(last)}`);
};

/**
 * Sends the missing bytes as a client does: HEAD and PATCH until the server has all of them.
 * @param floor the highest acknowledged offset, below which the server must not fall
 * @throws when the offset goes back, or the upload is not done in time
 */
export const resumeToEnd = async (
  upload: WireUpload,
  bytes: Buffer,
  options: { floor?: number; withinMs?: number } = {},
): Promise<void> => {
  const withinMs = options.withinMs ?? 60_000;
  const deadline = performance.now() + withinMs;
  let floor = options.floor ?? 0;
  let last: Answer | undefined;
  while (performance.now() < deadline) {
    const offset = await askOffset(upload, Math.max(1, deadline - performance.now()));
    if (offset < floor) throw new Error(`the offset of ${upload.id} went back from ${floor} to ${offset}`);
    if (offset === bytes.length) return;
    floor = offset;
    last = await upload.patch(offset, bytes.subarray(offset), Math.max(1, deadline - performance.now()));
    if (last.kind === 'answered' && last.status === 204) floor = last.offset ?? floor;
    else await pause(RETRY_MS);
  }
  throw new Error(`${upload.id} was not whole within ${withinMs} ms, at last ${describe(last)}`);
};
