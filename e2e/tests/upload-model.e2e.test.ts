import { createHash, randomInt } from 'node:crypto';
import { Database } from '@claimcheck/database/database';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type Replica, startReplica } from '../harness/replica.ts';
import { askOffset } from '../harness/resume.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 ** 2;
const RUNS = 12;

let system: System;
let replica: Replica;
let ann: ChatUser;
let bucket: Bucket;
let database: Database;

beforeAll(async () => {
  // Short, so that the expirer comes by often; each upload here is done sooner.
  system = await startSystem(inject('stack'), { UPLOAD_TTL: '30s' });
  replica = await startReplica(system);
  ann = new ChatUser(system, 'ann');
  bucket = new Bucket(inject('stack'));
  database = new Database({ url: system.databaseUrl });
});
afterAll(async () => {
  bucket?.close();
  await database?.close();
  await replica?.service.stop();
  await system?.stop();
});

type Step =
  | { do: 'patch' | 'wrong-offset'; bytes: number }
  | { do: 'cut'; bytes: number; sent: number }
  | { do: 'head' | 'switch' };

const size = fc.oneof(
  fc.integer({ min: 0, max: 3_000 }),
  fc.integer({ min: 1, max: 5 * MIB }),
  fc.constantFrom(8 * MIB, 8 * MIB - 1, 8 * MIB + 1),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('patch' as const), bytes: size }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cut' as const),
      bytes: size,
      sent: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wrong-offset' as const),
      bytes: fc.integer({ min: 1, max: 1_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('head' as const, 'switch' as const) }) },
);
const plan = fc.record({
  length: fc.oneof(fc.integer({ min: 1, max: 20 * MIB }), fc.constantFrom(8 * MIB, 16 * MIB, 8 * MIB + 1)),
  seed: fc.integer(),
  steps: fc.array(step, { minLength: 3, maxLength: 14 }),
  end: fc.constantFrom('finish' as const, 'finish' as const, 'delete' as const, 'expire' as const),
});

/** Bytes that are different everywhere, made fast: the same for the same seed. */
const contentOf = (seed: number, length: number): Buffer => {
  const block = createHash('sha512').update(String(seed)).digest();
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 64) {
    block.writeUInt32LE(at / 64);
    block.copy(bytes, at);
  }
  // With a head of its own: one in 256 would begin like a transport stream, and be a broken film.
  return bytes.fill(0, 0, Math.min(length, 16));
};

/** No client can resume it, and in the end nothing is left of it. */
const expectGone = async (upload: WireUpload): Promise<void> => {
  expect(await upload.head()).toMatchObject({ kind: 'answered', status: 410 });
  expect(await upload.patch(0, Buffer.alloc(1))).toMatchObject({ kind: 'answered', status: 410 });
  const isEmpty = async () =>
    (await bucket.keys(`${upload.id}/`)).length + (await bucket.openUploads(upload.id)).length === 0
      ? true
      : undefined;
  await until(isEmpty, { withinMs: 20_000, what: 'nothing to be left in the bucket' });
};

test('any sequence of patches, cuts and changes of replica stores what was sent, and no acknowledged byte is lost', async () => {
  const seed = randomInt(2 ** 31);
  console.log(`upload model seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(plan, async ({ length, seed: content, steps, end }) => {
      const bytes = contentOf(content, length);
      const user = { baseUrl: system.apiUrl, token: ann.token };
      let upload = await WireUpload.create(user, length);
      let onFirst = true;
      // The acknowledged offset, and the furthest offset that the server may have after a cut.
      let acknowledged = 0;
      let possible = 0;

      const sync = async () => {
        const offset = await askOffset(upload);
        expect(offset).toBeGreaterThanOrEqual(acknowledged);
        expect(offset).toBeLessThanOrEqual(possible);
        acknowledged = offset;
        possible = offset;
      };

      for (const action of steps) {
        if (action.do === 'switch') {
          onFirst = !onFirst;
          upload = upload.via(onFirst ? system.apiUrl : replica.url);
        }
        if (action.do === 'head') await sync();
        if (action.do === 'patch') {
          await sync();
          const piece = bytes.subarray(acknowledged, acknowledged + action.bytes);
          const answer = await upload.patch(acknowledged, piece);
          expect(answer).toMatchObject({
            kind: 'answered',
            status: 204,
            offset: acknowledged + piece.length,
          });
          acknowledged += piece.length;
          possible = acknowledged;
        }
        if (action.do === 'cut') {
          await sync();
          const piece = bytes.subarray(acknowledged, acknowledged + action.bytes);
          const request = upload.openPatch(acknowledged, piece.length);
          void request.answer.catch(() => undefined);
          await request.write(piece.subarray(0, Math.floor(piece.length * action.sent)));
          request.destroy();
          possible = acknowledged + piece.length;
        }
        if (action.do === 'wrong-offset') {
          await sync();
          const answer = await upload.patch(acknowledged + action.bytes, Buffer.alloc(1));
          expect(answer).toMatchObject({ kind: 'answered' });
          if (answer.kind === 'answered') expect([409, 413]).toContain(answer.status);
        }
      }
      await sync();
      if (end === 'delete') {
        expect(await upload.terminate()).toMatchObject({ kind: 'answered', status: 204 });
        await expectGone(upload);
        return;
      }
      if (end === 'expire' && acknowledged < length) {
        await database.client.upload_session.update({
          where: { upload_id: upload.id },
          data: { expires_at: new Date(0) },
        });
        await expectGone(upload);
        return;
      }
      if (acknowledged < length) {
        const answer = await upload.patch(acknowledged, bytes.subarray(acknowledged));
        expect(answer).toMatchObject({ kind: 'answered', status: 204, offset: length });
      }
      await expectWhole(ann, upload.id, bytes);
    }),
    { seed, numRuns: RUNS, endOnFailure: true },
  );
}, 300_000);
