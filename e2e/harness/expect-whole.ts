import { expect } from 'vitest';
import type { ChatUser } from './chat-user.ts';
import { sha256 } from './fixtures.ts';

/** Waits until the upload is ready, and compares its owner's download with `bytes`. */
export const expectWhole = async (owner: ChatUser, id: string, bytes: Buffer): Promise<void> => {
  const media = await owner.mediaIn(id, ['ready', 'degraded', 'failed'], 60_000);
  expect(media, JSON.stringify(media.failure)).toMatchObject({ state: 'ready', size_bytes: bytes.length });
  const response = await owner.fetch(`/v1/media/${id}/source`);
  expect(response.status).toBe(200);
  expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(sha256(bytes));
};
