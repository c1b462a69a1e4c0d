import { afterAll, afterEach, beforeAll, describe, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { S3_STORES, startS3Store } from '../harness/s3-stores.ts';
import { seeded } from '../harness/seeded.ts';
import { uploadWithCuts } from './upload-with-cuts.ts';

const FILE_BYTES = 24 * 1_024 * 1_024 + 777;

describe.each(S3_STORES)('on %s', (store) => {
  let world: FaultySystem;

  let servers: Awaited<ReturnType<typeof startS3Store>>;

  beforeAll(async () => {
    servers = await startS3Store(store, inject('stack'));
    world = await startFaultySystem(servers.env);
  });
  afterAll(async () => {
    await world?.stop();
    await servers?.stop();
  });
  afterEach(({ task }) => printLogOfFailure(task, world));

  test('drill 9: the connection is cut at 20 random bytes of one upload', async () => {
    const random = seeded('drill 9');
    const bytes = random.bytes(FILE_BYTES);
    const id = await uploadWithCuts(world, bytes, { owner: 'ann', cuts: 20, random });
    await expectWhole(new ChatUser(world.system, 'ann'), id, bytes);
  });
});
