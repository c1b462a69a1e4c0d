import { afterAll, beforeAll, inject, test } from 'vitest';
import { uploadWithCuts } from '../drills/upload-with-cuts.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type FaultySystem, startFaultySystem } from '../harness/faulty-system.ts';
import { seeded } from '../harness/seeded.ts';
import { soakMs } from './soak-minutes.ts';

const CUTS = 200;
const FILE_BYTES = 24 * 1_024 * 1_024 + 777;

let world: FaultySystem;
beforeAll(async () => {
  world = await startFaultySystem(inject('stack'));
});
afterAll(() => world?.stop());

test(
  `drill 9: ${CUTS} cuts of one upload, again until the time is over`,
  async () => {
    const random = seeded('cuts');
    const until = performance.now() + soakMs();
    let uploads = 0;
    do {
      const bytes = random.bytes(FILE_BYTES);
      const id = await uploadWithCuts(world, bytes, { owner: 'ann', cuts: CUTS, random });
      await expectWhole(new ChatUser(world.system, 'ann'), id, bytes);
      uploads += 1;
    } while (performance.now() < until);
    console.log(`${uploads} uploads, ${uploads * CUTS} cuts, all whole`);
  },
  soakMs() + 300_000,
);
