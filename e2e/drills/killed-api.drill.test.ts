import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { askOffset } from '../harness/resume.ts';
import { S3_STORES, startS3Store } from '../harness/s3-stores.ts';
import { Seeded, seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 * 1_024;
const UPLOADS = 4;
const KILLS = 3;

interface Progress {
  requests: number;
  interruptions: number;
  /** The longest time from an interruption until the upload resumed, in ms. */
  longestGap: number;
  done: boolean;
}

/** Uploads in many small requests, which create and join tails; checks every acknowledged offset. */
const uploadInPieces = async (
  upload: WireUpload,
  bytes: Buffer,
  random: Seeded,
  progress: Progress,
): Promise<void> => {
  let acknowledged = 0;
  while (acknowledged < bytes.length) {
    const end = Math.min(acknowledged + random.int(1, 300_000), bytes.length);
    const answer = await upload.patch(acknowledged, bytes.subarray(acknowledged, end));
    progress.requests += 1;
    if (answer.kind === 'answered' && answer.status === 204) {
      expect(answer.offset).toBe(end);
      acknowledged = end;
      continue;
    }
    progress.interruptions += 1;
    const interruptedAt = performance.now();
    const offset = await askOffset(upload, 60_000);
    progress.longestGap = Math.max(progress.longestGap, Math.round(performance.now() - interruptedAt));
    expect(offset, 'what was acknowledged is kept').toBeGreaterThanOrEqual(acknowledged);
    expect(offset, 'nothing is counted that was not sent').toBeLessThanOrEqual(end);
    acknowledged = offset;
  }
  progress.done = true;
};

describe.each(S3_STORES)('on %s', (store) => {
  let system: System;
  let ann: ChatUser;

  let servers: Awaited<ReturnType<typeof startS3Store>>;

  beforeAll(async () => {
    servers = await startS3Store(store, inject('stack'));
    system = await startSystem(servers.env);
    ann = new ChatUser(system, 'ann');
  });
  afterAll(async () => {
    await system?.stop();
    await servers?.stop();
  });

  test('drill 8: the api is killed at random moments of uploads in many small pieces', async () => {
    const random = seeded('drill 8');
    const target = { baseUrl: system.apiUrl, token: ann.token };
    const files = Array.from({ length: UPLOADS }, () => random.bytes(random.int(18 * MIB, 26 * MIB)));
    const uploads = await Promise.all(files.map((bytes) => WireUpload.create(target, bytes.length)));
    const progress: Progress = { requests: 0, interruptions: 0, longestGap: 0, done: false };
    const running = Promise.all(
      uploads.map((upload, index) =>
        uploadInPieces(
          upload,
          files[index] ?? Buffer.alloc(0),
          new Seeded(`${random.seed}-${index}`),
          progress,
        ),
      ),
    );
    // A failed expectation also ends the kills.
    running.catch(() => {
      progress.done = true;
    });
    let kills = 0;
    while (kills < KILLS && !progress.done) {
      const enough = progress.requests + random.int(10, 60);
      await until(() => (progress.requests >= enough || progress.done ? true : undefined), {
        withinMs: 60_000,
        what: 'the uploads to resume',
      });
      // The moment is the fault here: anywhere in a request.
      await pause(random.int(0, 40));
      system.apps.api.kill('SIGKILL');
      await system.apps.api.exited;
      await system.apps.api.restart();
      kills += 1;
    }
    await running;
    const { requests, interruptions, longestGap } = progress;
    console.log(
      `${kills} kills, ${requests} requests, ${interruptions} interrupted, on again within ${longestGap} ms`,
    );
    expect(kills).toBe(KILLS);
    expect(interruptions).toBeGreaterThanOrEqual(kills - 1);
    for (const [index, upload] of uploads.entries())
      await expectWhole(ann, upload.id, files[index] ?? Buffer.alloc(0));
  }, 240_000);
});
