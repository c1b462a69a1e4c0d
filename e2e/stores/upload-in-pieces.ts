import { expect } from 'vitest';
import type { ChatUser } from '../harness/chat-user.ts';
import { noise } from '../harness/noise.ts';
import type { System } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';

const MIB = 1_024 * 1_024;

/** Uploads in three requests, so that the store gets tails and two parts. */
export const uploadInPieces = async (
  { apiUrl: baseUrl }: System,
  { token }: ChatUser,
): Promise<{ id: string; bytes: Buffer }> => {
  const bytes = noise(11 * MIB + 3);
  const upload = await WireUpload.create({ baseUrl, token }, bytes.length);
  for (const [from, to] of [
    [0, 3 * MIB],
    [3 * MIB, 9 * MIB],
    [9 * MIB, bytes.length],
  ] as const)
    expect(await upload.patch(from, bytes.subarray(from, to))).toMatchObject({ status: 204 });
  return { id: upload.id, bytes };
};
