import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type Replica, startReplica } from '../harness/replica.ts';
import { askOffset, resumeToEnd } from '../harness/resume.ts';
import { S3_STORES, startS3Store } from '../harness/s3-stores.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';

const MIB = 1_024 * 1_024;
const FILE_BYTES = 24 * MIB + 5;
const ROUNDS = 6;
const TAKE_OVER_MS = 1_000;

describe.each(S3_STORES)('on %s', (store) => {
  let system: System;
  let other: Replica;
  let ann: ChatUser;

  let servers: Awaited<ReturnType<typeof startS3Store>>;

  beforeAll(async () => {
    servers = await startS3Store(store, inject('stack'));
    system = await startSystem(servers.env);
    other = await startReplica(system);
    ann = new ChatUser(system, 'ann');
  });
  afterAll(async () => {
    await other?.service.stop();
    await system?.stop();
    await servers?.stop();
  });

  const create = (bytes: Buffer) =>
    WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, bytes.length);

  test('drill 16: PATCH of one upload at one offset on two replicas at once', async () => {
    const random = seeded('drill 16');
    const bytes = random.bytes(FILE_BYTES);
    const here = await create(bytes);
    const there = here.via(other.url);
    let offset = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const ends = [here, there].map(() => Math.min(offset + random.int(1, 2 * MIB), bytes.length - 1));
      const answers = await Promise.all(
        [here, there].map((upload, index) => upload.patch(offset, bytes.subarray(offset, ends[index]))),
      );
      const statuses = answers.map((answer) => (answer.kind === 'answered' ? answer.status : answer.kind));
      console.log(`round ${round}: ${statuses.join(' and ')}`);
      expect(statuses.filter((status) => status === 204)).toHaveLength(1);
      expect([409, 423]).toContain(statuses.find((status) => status !== 204));
      const winner = answers.find((answer) => answer.kind === 'answered' && answer.status === 204);
      const [seenHere, seenThere] = [await askOffset(here), await askOffset(there)];
      expect(seenThere, 'both replicas say the same').toBe(seenHere);
      expect(winner).toMatchObject({ offset: seenHere });
      offset = seenHere;
    }
    await resumeToEnd(random.pick([here, there]), bytes, { floor: offset });
    await expectWhole(ann, here.id, bytes);
  });

  test.each([
    ['the other replica', () => other.url],
    ['the same one', () => system.apiUrl],
  ])('a phone reconnects to %s while its old connection hangs', async (name, url) => {
    const random = seeded(`take-over by ${name}`);
    const bytes = random.bytes(FILE_BYTES);
    const upload = await create(bytes);
    // More than the buffers of two sockets hold: once it is written, the api is reading.
    const sent = random.int(14 * MIB, 20 * MIB);
    const hanging = upload.openPatch(0, bytes.length, 120_000);
    await hanging.write(bytes.subarray(0, sent));
    try {
      const again = upload.via(url());
      const startedAt = performance.now();
      const head = await again.head();
      const askedMs = performance.now() - startedAt;
      expect(head).toMatchObject({ kind: 'answered', status: 200 });
      const offset = head.kind === 'answered' ? (head.offset ?? 0) : 0;
      const next = Math.min(offset + 64 * 1_024, bytes.length);
      const answer = await again.patch(offset, bytes.subarray(offset, next));
      const tookMs = performance.now() - startedAt;
      console.log(
        `${name}: HEAD ${Math.round(askedMs)} ms (${offset} of ${sent} bytes kept), with PATCH ${Math.round(tookMs)} ms`,
      );
      expect(answer).toMatchObject({ kind: 'answered', status: 204, offset: next });
      expect(tookMs).toBeLessThan(TAKE_OVER_MS);
      // The old connection resumes, and must do no harm.
      void hanging.write(bytes.subarray(sent, sent + MIB));
      const late = await hanging.answer;
      // The answer to the late request, if any, contains the offset kept before.
      if (late.kind === 'answered' && late.status === 204) expect(late.offset).toBeLessThanOrEqual(offset);
      await resumeToEnd(again, bytes, { floor: next });
      await expectWhole(ann, upload.id, bytes);
    } finally {
      hanging.destroy();
    }
  });
});
