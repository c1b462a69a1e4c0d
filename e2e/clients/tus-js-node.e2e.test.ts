import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { ClientRun } from '../harness/client-program.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { seeded } from '../harness/seeded.ts';
import { until } from '../harness/until.ts';
import { type ClientTask, FILE_BYTES, slow, uploadInTwoRuns } from './interrupted-upload.ts';
import type { TusJsTask } from './node/tus-js-upload.ts';

const PROGRAM = fileURLToPath(new URL('./node/tus-js-upload.ts', import.meta.url));
const KIB = 1_024;

let world: FaultySystem;

beforeAll(async () => {
  world = await startFaultySystem(inject('stack'));
});
afterAll(() => world?.stop());
afterEach(({ task }) => printLogOfFailure(task, world));

type Variation = Omit<TusJsTask, keyof ClientTask>;

const program = (variation: Variation) => (task: ClientTask) => ({
  command: process.execPath,
  args: [PROGRAM, JSON.stringify({ ...task, ...variation } satisfies TusJsTask)],
});

const VARIATIONS: [name: string, variation: Variation][] = [
  ['the whole file in one request', { input: 'file', options: {} }],
  ["chunks of 500 KiB, an iOS client's default", { input: 'file', options: { chunkSize: 500 * KIB } }],
  ['four parallel uploads', { input: 'file', options: { parallelUploads: 4 } }],
  [
    'data in the creation',
    { input: 'file', options: { uploadDataDuringCreation: true, chunkSize: 5_000 * KIB } },
  ],
  [
    'POST instead of PATCH',
    { input: 'file', options: { overridePatchMethod: true, chunkSize: 2_000 * KIB } },
  ],
];

test.each(VARIATIONS)('tus-js-client in Node, killed and started again: %s', async (name, variation) => {
  await uploadInTwoRuns(world, name, program(variation), variation.options.parallelUploads);
});

/** Runs the client once, with whatever happens `meanwhile`. */
const uploadInOneRun = async (
  variation: (random: ReturnType<typeof seeded>) => Variation,
  name: string,
  meanwhile: (run: ClientRun, random: ReturnType<typeof seeded>) => Promise<void>,
) => {
  const random = seeded(name);
  const bytes = random.bytes(FILE_BYTES);
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-client-'));
  const file = join(folder, 'random.bin');
  await writeFile(file, bytes);
  const ann = new ChatUser(world.system, 'ann');
  const endpoint = `${world.clientLink.url}/v1/uploads`;
  await world.clientLink.add('slow', slow());
  const run = new ClientRun(
    program(variation(random))({ endpoint, token: ann.token, file, state: join(folder, 'urls') }),
  );
  try {
    await meanwhile(run, random);
    const id = await run.mediaId(60_000);
    expect(run.resumedAt, 'the client asked for the offset').toBeGreaterThan(0);
    await expectWhole(ann, id, bytes);
  } finally {
    run.stop();
    await world.heal();
    await rm(folder, { recursive: true, force: true });
  }
};

test('tus-js-client in Node, a stream of unknown length over a line that breaks', () =>
  uploadInOneRun(
    () => ({ input: 'stream', options: { uploadLengthDeferred: true, chunkSize: 1_000 * KIB } }),
    'deferred length',
    async (run, random) => {
      const cutAt = random.int(FILE_BYTES / 4, (FILE_BYTES * 3) / 4);
      await until(() => (run.sent > cutAt ? true : undefined), {
        withinMs: 60_000,
        what: 'the upload to run',
      });
      await world.clientLink.cut();
      await world.clientLink.join();
    },
  ));

test('tus-js-client in Node, aborted and resumed from what it remembers', () =>
  uploadInOneRun(
    (random) => ({ input: 'file', options: {}, abortAt: random.int(FILE_BYTES / 4, (FILE_BYTES * 3) / 4) }),
    'abort and resume',
    async () => {},
  ));
