import { afterAll, afterEach, beforeAll, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { seeded } from '../harness/seeded.ts';
import { uploadWithCuts } from './upload-with-cuts.ts';

const FILE_BYTES = 24 * 1_024 * 1_024 + 777;

let world: FaultySystem;

beforeAll(async () => {
  world = await startFaultySystem(inject('stack'));
});
afterAll(() => world?.stop());
afterEach(({ task }) => printLogOfFailure(task, world));

test('drill 9: the connection is cut at 40 random bytes of one upload', async () => {
  const random = seeded('drill 9');
  const bytes = random.bytes(FILE_BYTES);
  const id = await uploadWithCuts(world, bytes, { owner: 'ann', cuts: 40, random });
  await expectWhole(new ChatUser(world.system, 'ann'), id, bytes);
});
