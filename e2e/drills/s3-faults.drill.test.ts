import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { type BrokenS3, startMuteS3, startOverloadedS3 } from '../harness/broken-s3.ts';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { startMinioStack } from '../harness/minio-stack.ts';
import { resumeToEnd } from '../harness/resume.ts';
import { seeded } from '../harness/seeded.ts';
import type { Link } from '../harness/toxiproxy.ts';
import { type Answer, type OpenRequest, WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 * 1_024;
const FILE_BYTES = 24 * MIB + 4_321;
const SMALL_BYTES = MIB;
/** A dead connection is noticed in 15 to 45 s; the answer may come a little later. */
const LIMIT_MS = 50_000;

interface World {
  implementation: string;
  faulty: FaultySystem;
  s3Url: string;
  bucket: Bucket;
  ann: ChatUser;
}

const worlds: World[] = [];
const stops: (() => Promise<void> | void)[] = [];
let overloaded: BrokenS3;
let mute: BrokenS3;

const startWorld = async (implementation: string, stack: Record<string, string>): Promise<void> => {
  const faulty = await startFaultySystem(stack);
  const bucket = new Bucket(stack);
  stops.push(
    () => bucket.close(),
    () => faulty.stop(),
  );
  const ann = new ChatUser(faulty.system, 'ann');
  worlds.push({ implementation, faulty, s3Url: stack.S3_ENDPOINT ?? '', bucket, ann });
};

beforeAll(async () => {
  overloaded = await startOverloadedS3();
  mute = await startMuteS3();
  stops.push(overloaded.close, mute.close);
  const minio = await startMinioStack(inject('stack'));
  stops.push(minio.stop);
  await startWorld('versitygw', inject('stack'));
  await startWorld('minio', minio.env);
}, 600_000);

afterEach(({ task }) => {
  for (const { faulty } of worlds) printLogOfFailure(task, faulty);
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

const FAULTS: [name: string, breakS3: (s3: Link) => Promise<void>][] = [
  ['answers 503', (s3) => s3.pointAt(overloaded.url)],
  ['refuses connections', (s3) => s3.cut()],
  [
    'takes 1 KB/s',
    (s3) =>
      s3.add('crawl', { type: 'bandwidth', stream: 'upstream', attributes: { rate_kib_per_second: 1 } }),
  ],
  ['takes everything and never answers', (s3) => s3.pointAt(mute.url)],
  [
    'is gone behind connections that look alive (drill 13)',
    async (s3) => {
      await s3.add('deaf', { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } });
      await s3.add('mute', { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
    },
  ],
];

interface Uploading {
  upload: WireUpload;
  bytes: Buffer;
  patch: OpenRequest;
}

/** Sends the first `middle` bytes of an upload, and announces more. */
const begin = async ({ faulty, ann }: World, bytes: Buffer, middle: number): Promise<Uploading> => {
  const target = { baseUrl: faulty.system.apiUrl, token: ann.token };
  const upload = await WireUpload.create(target, bytes.length);
  const patch = upload.openPatch(0, bytes.length, LIMIT_MS);
  await patch.write(bytes.subarray(0, middle));
  return { upload, bytes, patch };
};

const finish = ({ patch, bytes }: Uploading, middle: number): Promise<Answer> => {
  void patch.write(bytes.subarray(middle));
  patch.end();
  return patch.answer;
};

const openUploads = async ({ bucket }: World, { upload }: Uploading, fits: (count: number) => boolean) =>
  until(async () => (fits((await bucket.openUploads(upload.id)).length) ? true : undefined), {
    withinMs: 20_000,
    what: 'the right number of open multipart uploads',
  });

test.each(FAULTS)('drill 14: in the middle of uploads S3 %s', async (name, breakS3) => {
  const random = seeded(name);
  const [bytes, smallBytes] = [random.bytes(FILE_BYTES), random.bytes(SMALL_BYTES)];
  const middle = random.int(9 * MIB, 15 * MIB);
  const drill = async (world: World): Promise<void> => {
    // One in parts, and one that becomes a single PUT.
    const large = await begin(world, bytes, middle);
    const small = await begin(world, smallBytes, 1);
    await openUploads(world, large, (count) => count > 0);
    try {
      await breakS3(world.faulty.s3Link);
      const brokenAt = performance.now();
      const answers = await Promise.all([finish(large, middle), finish(small, 1)]);
      const took = Math.round(performance.now() - brokenAt);
      console.log(`${world.implementation}: ${JSON.stringify(answers)} ${took} ms after`);
      for (const answer of answers) {
        expect(answer.kind, 'an error in time').not.toBe('silent');
        if (answer.kind === 'answered') expect(answer.status).toBeGreaterThanOrEqual(500);
      }
    } finally {
      await world.faulty.s3Link.pointAt(world.s3Url);
      await world.faulty.heal();
    }
    for (const { upload, bytes: sent } of [large, small]) {
      await resumeToEnd(upload, sent);
      await expectWhole(world.ann, upload.id, sent);
    }
    await openUploads(world, large, (count) => count === 0);
  };
  await Promise.all(worlds.map(drill));
});
