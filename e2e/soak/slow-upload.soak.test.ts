import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { soakMs } from './soak-minutes.ts';

const EVERY_MS = 5_000;

let system: System;
beforeAll(async () => {
  // As it is shipped: 60 s of silence, and no limit of the whole.
  system = await startSystem(inject('stack'));
});
afterAll(() => system?.stop());

test(
  'a slow but steady PATCH succeeds, however long it takes',
  async () => {
    const pieces = Math.ceil(soakMs() / EVERY_MS);
    const bytes = seeded('slow upload').bytes(pieces * 5_000);
    const ann = new ChatUser(system, 'ann');
    const upload = await WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, bytes.length);
    const startedAt = performance.now();
    const request = upload.openPatch(0, bytes.length, soakMs() + 60_000);
    for (let piece = 0; piece < pieces; piece += 1) {
      await request.write(bytes.subarray(piece * 5_000, (piece + 1) * 5_000));
      await pause(EVERY_MS);
    }
    request.end();
    expect(await request.answer).toMatchObject({ kind: 'answered', status: 204, offset: bytes.length });
    console.log(
      `one PATCH of ${bytes.length} bytes took ${Math.round((performance.now() - startedAt) / 1_000)} s`,
    );
    await expectWhole(ann, upload.id, bytes);
  },
  soakMs() + 120_000,
);
