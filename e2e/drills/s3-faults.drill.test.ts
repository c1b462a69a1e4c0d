import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type BrokenS3, startMuteS3, startOverloadedS3 } from '../harness/broken-s3.ts';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { startMinioStack } from '../harness/minio-stack.ts';
import { startReplica } from '../harness/replica.ts';
import { resumeToEnd } from '../harness/resume.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { type Link, Toxiproxy } from '../harness/toxiproxy.ts';
import { type Answer, type OpenRequest, WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 * 1_024;
const FILE_BYTES = 24 * MIB + 4_321;
const SMALL_BYTES = MIB;
/** A dead connection is noticed in 15 to 45 s; the answer may come a little later. */
const LIMIT_MS = 50_000;

interface World {
  implementation: string;
  system: System;
  s3Url: string;
  bucket: Bucket;
  ann: ChatUser;
}

/** A process of the api that reaches the store through a link of its own. */
interface Victim {
  world: World;
  url: string;
  s3Link: Link;
  heal(): Promise<void>;
  stop(): Promise<void>;
}

const worlds: World[] = [];
const stops: (() => Promise<void> | void)[] = [];
let overloaded: BrokenS3;
let mute: BrokenS3;

const startWorld = async (implementation: string, stack: Record<string, string>): Promise<void> => {
  const system = await startSystem(stack);
  const bucket = new Bucket(stack);
  stops.push(
    () => bucket.close(),
    () => system.stop(),
  );
  const ann = new ChatUser(system, 'ann');
  worlds.push({ implementation, system, s3Url: stack.S3_ENDPOINT ?? '', bucket, ann });
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

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

const startVictim = async (world: World): Promise<Victim> => {
  const proxy = await Toxiproxy.start();
  try {
    const s3Link = await proxy.link('s3', world.s3Url);
    const env = { S3_ENDPOINT: s3Link.url, S3_PUBLIC_ENDPOINT: world.s3Url };
    const { url, service } = await startReplica(world.system, { env });
    const heal = async () => {
      await s3Link.pointAt(world.s3Url);
      await proxy.heal();
    };
    // A process that is stopping may still send requests to S3.
    const stop = () =>
      heal()
        .finally(() => service.stop())
        .finally(() => proxy.stop());
    return { world, url, s3Link, heal, stop };
  } catch (error) {
    await proxy.stop();
    throw error;
  }
};

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
const begin = async ({ url, world }: Victim, bytes: Buffer, middle: number): Promise<Uploading> => {
  const upload = await WireUpload.create({ baseUrl: url, token: world.ann.token }, bytes.length);
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

// At the same time: most of each is the wait for a store that does not answer.
test.concurrent.each(FAULTS)('drill 14: in the middle of uploads S3 %s', async (name, breakS3) => {
  const random = seeded(name);
  const [bytes, smallBytes] = [random.bytes(FILE_BYTES), random.bytes(SMALL_BYTES)];
  const middle = random.int(9 * MIB, 15 * MIB);
  const drill = async (world: World): Promise<void> => {
    const victim = await startVictim(world);
    try {
      // One in parts, and one that becomes a single PUT.
      const large = await begin(victim, bytes, middle);
      const small = await begin(victim, smallBytes, 1);
      await openUploads(world, large, (count) => count > 0);
      await breakS3(victim.s3Link);
      const brokenAt = performance.now();
      const answers = await Promise.all([finish(large, middle), finish(small, 1)]);
      const took = Math.round(performance.now() - brokenAt);
      console.log(`${world.implementation}: ${JSON.stringify(answers)} ${took} ms after`);
      for (const answer of answers) {
        expect(answer.kind, 'an error in time').not.toBe('silent');
        if (answer.kind === 'answered') expect(answer.status).toBeGreaterThanOrEqual(500);
      }
      await victim.heal();
      for (const { upload, bytes: sent } of [large, small]) {
        await resumeToEnd(upload, sent);
        await expectWhole(world.ann, upload.id, sent);
      }
      await openUploads(world, large, (count) => count === 0);
    } finally {
      await victim.stop();
    }
  };
  await Promise.all(worlds.map(drill));
});
