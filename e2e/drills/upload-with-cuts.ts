import { expect } from 'vitest';
import type { FaultySystem } from '../harness/faulty-system.ts';
import { askOffset, resumeToEnd } from '../harness/resume.ts';
import type { Seeded } from '../harness/seeded.ts';
import { WireUpload } from '../harness/tus-wire.ts';

/**
 * Drill 9: one upload over connections that break `cuts` times, each after a random number of bytes, headers included. After
 * each cut the offset must be between the previous one and the furthest byte ever sent.
 * @returns the media_object_id
 */
export const uploadWithCuts = async (
  { proxy, system }: FaultySystem,
  bytes: Buffer,
  options: { owner: string; cuts: number; random: Seeded },
): Promise<string> => {
  const token = system.tokenFor(options.owner);
  const upload = await WireUpload.create({ baseUrl: system.apiUrl, token }, bytes.length);
  let offset = 0;
  // The api may handle a broken request after the next one: then its bytes count late.
  let furthest = 0;
  for (let left = options.cuts; left > 0; left -= 1) {
    // Twice the even share: on average all cuts fit into the file.
    const limit = options.random.int(1, (2 * (bytes.length - offset)) / (left + 1));
    furthest = Math.max(furthest, offset + limit);
    const link = await proxy.link(`cut-${left}`, system.apiUrl);
    await link.add('cut', { type: 'limit_data', stream: 'upstream', attributes: { bytes: limit } });
    const answer = await upload.via(link.url).patch(offset, bytes.subarray(offset));
    // Removing a fault from a link in use can block the proxy for ever; removing the link does not.
    await link.delete();
    if (answer.kind === 'answered') expect(answer.status, 'a late request was met').toBe(409);
    const now = await askOffset(upload);
    expect(now, 'the offset never goes back').toBeGreaterThanOrEqual(offset);
    expect(now, 'nor beyond what was sent').toBeLessThanOrEqual(furthest);
    offset = now;
  }
  expect(offset, 'the cuts left something to do').toBeLessThan(bytes.length);
  await resumeToEnd(upload, bytes, { floor: offset });
  return upload.id;
};
