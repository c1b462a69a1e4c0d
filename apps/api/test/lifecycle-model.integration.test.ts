import { randomInt } from 'node:crypto';
import { isSettled, isTombstone, type MediaState, TOMBSTONES } from '@claimcheck/contracts/media';
import { createLogger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { UploadExpirer } from '../src/background/upload-expirer.ts';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { redriveMedia } from '../src/media/lifecycle/redrive-media.ts';
import { deleteMessage } from '../src/media/messages/delete-message.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { applyVirus } from '../src/media/results/apply-virus.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { finalizeUpload } from '../src/media/uploads/finalize-upload.ts';
import { UploadSessions } from '../src/media/uploads/upload-sessions.ts';
import { ProblemError } from '../src/problem-error.ts';
import { assertLawful, type Model, type ModelMedia, type Stage } from './harness/lifecycle-model.ts';
import { LifecycleWorld } from './harness/lifecycle-world.ts';
import { resultOf } from './harness/results.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';
import { createTestDirectUploads } from './harness/test-direct-uploads.ts';
import { createTestStorage } from './harness/test-storage.ts';

const RUNS = 25;
const MAX_COMMANDS = 40;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ANN = { user_id: 'ann', is_backend: false };

let db: TestDatabase;
let storage: Storage;
let sessions: UploadSessions;
let expirer: UploadExpirer;
beforeAll(async () => {
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  storage = createTestStorage(stack);
  sessions = new UploadSessions(db.database, settings);
  await sessions.start((error) => {
    throw error;
  });
  expirer = new UploadExpirer({
    database: db.database,
    sessions,
    storage,
    directUploads: createTestDirectUploads(db.database, storage, settings),
    settings,
    logger: createLogger('test', 'silent'),
    everyMs: HOUR,
  });
});
afterAll(async () => {
  await sessions?.stop();
  storage?.close();
  await db?.close();
});

/** Returns `done`, or the code of the refusal. */
const outcomeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
};

/** Compares the row with the model, and takes over the state, which the model does not predict, if it is in `may`. */
const sync = async (world: LifecycleWorld, media: ModelMedia, may: readonly MediaState[]): Promise<void> => {
  const row = await world.row(media.id);
  assertLawful(media, row, may);
  expect(row.references).toBe(media.messages.size);
  // Under `gate` nothing is delivered without a verdict.
  if (row.state === 'ready' || row.state === 'degraded') expect(media.hasVerdict).toBe(true);
  if (row.state === 'expiring') expect([row.references, row.former_state === null]).toEqual([0, false]);
  // A placeholder always has a deadline, and a media object without references expires.
  if (row.state === 'processing') expect(row.ready_by).not.toBeNull();
  if (!isTombstone(row.state)) expect(row.expires_at === null).toBe(row.references > 0);
  Object.assign(media, { state: row.state, epoch: row.epoch, rev: row.rev });
};

abstract class OnMedia implements fc.AsyncCommand<Model, LifecycleWorld> {
  readonly which: number;

  constructor(which: number) {
    this.which = which;
  }

  check(model: Readonly<Model>): boolean {
    return model.media.length > 0;
  }

  run(model: Model, world: LifecycleWorld): Promise<void> {
    const media = model.media[this.which % model.media.length];
    if (media === undefined) throw new Error('there is nothing to work on');
    return this.work(media, world, model);
  }

  abstract work(media: ModelMedia, world: LifecycleWorld, model: Model): Promise<void>;

  toString(): string {
    return `${this.constructor.name}(${Object.values(this).join(', ')})`;
  }
}

class Create implements fc.AsyncCommand<Model, LifecycleWorld> {
  check(model: Readonly<Model>): boolean {
    return model.media.length < 5;
  }

  async run(model: Model, world: LifecycleWorld): Promise<void> {
    const { session } = await world.db.database.transaction((tx) =>
      createUpload(tx, settings, {
        owner_user_id: 'ann',
        length: 1_000,
        part_size: 8_388_608,
        metadata: { filename: 'a.jpg', filetype: 'image/jpeg' },
      }),
    );
    const { state, epoch, rev } = await world.row(session.upload_id);
    expect(state).toBe('uploading');
    model.media.push({
      id: session.upload_id,
      state,
      epoch,
      rev,
      messages: new Map(),
      applied: new Set(),
      hasVerdict: false,
    });
  }

  toString(): string {
    return 'Create';
  }
}

class Finalize extends OnMedia {
  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    const first = await world.db.database.transaction((tx) => finalizeUpload(tx, settings, media.id, 1_000));
    expect(first).toBe(media.state === 'uploading');
    await sync(world, media, ['processing']);
  }
}

class Report extends OnMedia {
  readonly stage: Stage;
  readonly behind: number;
  readonly success: boolean;

  constructor(which: number, stage: Stage, behind: number, success: boolean) {
    super(which);
    this.stage = stage;
    this.behind = behind;
    this.success = success;
  }

  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    const epoch = media.epoch - this.behind;
    if (epoch < 1) return;
    const well = resultOf(media.id, this.stage, epoch);
    const result = this.success ? well : { ...well, success: false, processed: [], code: 'unreadable' };
    const outcome = await world.db.database.transaction((tx) => applyResult(tx, settings, result));
    const name = `${epoch}:${this.stage}`;
    if (isTombstone(media.state)) expect(outcome).toBe('tombstone');
    else if (outcome !== 'stale_epoch') {
      expect(outcome).toBe(media.applied.has(name) ? 'duplicate' : 'applied');
      media.applied.add(name);
      if (outcome === 'applied' && this.stage === 'scan' && this.success) media.hasVerdict = true;
    }
    const may: MediaState[] = media.state === 'processing' ? ['ready', 'degraded', 'failed'] : ['ready'];
    await sync(world, media, media.state === 'expiring' ? [] : may);
  }
}

class Infected extends OnMedia {
  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    const { outcome } = await world.db.database.transaction((tx) =>
      applyVirus(tx, settings, {
        mediaId: media.id,
        s3Key: `${media.id}/source`,
        s3Bucket: settings.bucket,
        mediaUrl: 'https://media.example/x',
        virusName: 'Eicar',
        detectedAt: new Date().toISOString(),
        actionTaken: 'left_in_place',
      }),
    );
    expect(outcome).toBe(isTombstone(media.state) ? 'tombstone' : 'applied');
    await sync(world, media, ['blocked']);
    expect(isTombstone(media.state)).toBe(true);
  }
}

/** Also covers forwarding: the same media object in another conversation. */
class Send extends OnMedia {
  readonly conversation: number;

  constructor(which: number, conversation: number) {
    super(which);
    this.conversation = conversation;
  }

  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    const conversation = world.conversations[this.conversation % world.conversations.length] ?? '';
    const sent: string[] = [];
    const outcome = await outcomeOf(
      world.db.database.transaction(async (tx) => {
        const { message } = await sendMessage(
          tx,
          settings,
          { conversation_id: conversation, sender_user_id: 'ann' },
          {
            client_message_id: uuidv7(),
            message_type: 'image',
            media_object_id: media.id,
          },
        );
        sent.push(message.message_id);
      }),
    );
    const refusal = media.state === 'uploading' ? 'media_not_uploaded' : 'done';
    expect(outcome).toBe(isTombstone(media.state) ? 'media_gone' : refusal);
    const wasExpiring = media.state === 'expiring';
    for (const id of sent) media.messages.set(id, conversation);
    await sync(world, media, wasExpiring ? ['ready', 'degraded', 'failed'] : []);
    if (wasExpiring) expect(media.state).not.toBe('expiring');
  }
}

class Unsend extends OnMedia {
  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    const [first] = media.messages;
    if (first === undefined) return;
    const [messageId, conversation] = first;
    await world.db.database.transaction((tx) =>
      deleteMessage(tx, settings, { conversation_id: conversation, message_id: messageId }, ANN),
    );
    media.messages.delete(messageId);
    await sync(world, media, []);
  }
}

class Remove extends OnMedia {
  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    const outcome = await outcomeOf(
      world.db.database.transaction((tx) => deleteMedia(tx, settings, media.id, 'ann')),
    );
    const isRefused = media.messages.size > 0 && !isTombstone(media.state);
    expect(outcome).toBe(isRefused ? 'media_referenced' : 'done');
    await sync(world, media, isRefused ? [] : ['deleted']);
  }
}

class Redrive extends OnMedia {
  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    const { state, epoch } = media;
    const answer = await world.db.database.transaction((tx) => redriveMedia(tx, settings, media.id));
    expect('media' in answer).toBe(state === 'failed' || state === 'degraded');
    await sync(world, media, ['processing']);
    if ('media' in answer) expect([media.state, media.epoch]).toEqual(['processing', epoch + 1]);
  }
}

/** Simulates a bug, an old release, or a person with psql. */
class Tamper extends OnMedia {
  readonly to: MediaState;

  constructor(which: number, to: MediaState) {
    super(which);
    this.to = to;
  }

  async work(media: ModelMedia, world: LifecycleWorld): Promise<void> {
    if (!isTombstone(media.state) || media.state === this.to) return;
    await expect(
      world.db.database.client.$executeRaw`
        UPDATE media_object SET state = ${this.to}::media_state, former_state = 'ready'
        WHERE media_object_id = ${media.id}::uuid`,
    ).rejects.toThrow(/never left/);
    await sync(world, media, []);
  }
}

const SWEPT: MediaState[] = ['ready', 'degraded', 'failed', 'expiring', 'expired'];

class Sweep extends OnMedia {
  readonly minutes: number;
  readonly areWaiting: boolean;

  constructor(which: number, minutes: number, areWaiting: boolean) {
    super(which);
    this.minutes = minutes;
    this.areWaiting = areWaiting;
  }

  async work(_: ModelMedia, world: LifecycleWorld, model: Model): Promise<void> {
    model.clockMs += this.minutes * MINUTE;
    const waiting = new Set(this.areWaiting ? model.media.map(({ id }) => id) : []);
    await world.sweep(model.media, new Date(Date.now() + model.clockMs), waiting);
    for (const media of model.media) await sync(world, media, SWEPT);
  }
}

const which = fc.nat({ max: 4 });
const commands = fc.commands(
  [
    fc.constant(new Create()),
    which.map((index) => new Finalize(index)),
    fc
      .tuple(
        which,
        fc.constantFrom<Stage>('preview', 'scan', 'final'),
        fc.nat({ max: 2 }),
        fc.integer({ min: 0, max: 5 }),
      )
      .map(([index, stage, behind, luck]) => new Report(index, stage, Math.max(0, behind - 1), luck > 0)),
    fc
      .tuple(which, fc.constantFrom<Stage>('preview', 'scan', 'final'))
      .map(([index, stage]) => new Report(index, stage, 0, true)),
    fc.tuple(which, fc.nat({ max: 2 })).map(([index, conversation]) => new Send(index, conversation)),
    which.map((index) => new Unsend(index)),
    which.map((index) => new Remove(index)),
    which.map((index) => new Redrive(index)),
    fc
      .tuple(which, fc.constantFrom<MediaState>('ready', 'processing', 'expiring', ...TOMBSTONES))
      .map(([index, to]) => new Tamper(index, to)),
    fc
      .tuple(which, fc.constantFrom(1, 3, 61, 24 * 60 + 1), fc.boolean())
      .map(([index, minutes, areWaiting]) => new Sweep(index, minutes, areWaiting)),
    fc
      .tuple(which, fc.nat({ max: 9 }))
      .map(([index, luck]) => (luck === 0 ? new Infected(index) : new Finalize(index))),
  ],
  { maxCommands: MAX_COMMANDS, size: 'max' },
);

/** Stops all activity and runs the clock past every deadline. */
const runOut = async (world: LifecycleWorld, model: Model): Promise<void> => {
  const ids = model.media.map(({ id }) => id);
  await world.db.database.client.upload_session.updateMany({
    where: { upload_id: { in: ids }, phase: 'open' },
    data: { expires_at: new Date(Date.now() - HOUR) },
  });
  await expirer.runOnce();
  for (let hours = 0; hours < 6; hours += 1) {
    model.clockMs += HOUR;
    await world.sweep(model.media, new Date(Date.now() + model.clockMs), new Set());
  }
  for (const media of model.media) {
    await sync(world, media, SWEPT);
    expect(isSettled(media.state) || media.state === 'expiring', `${media.id} is ${media.state}`).toBe(true);
  }
  model.clockMs += 30 * 24 * HOUR;
  for (let pass = 0; pass < 2; pass += 1) {
    await world.sweep(model.media, new Date(Date.now() + model.clockMs), new Set());
    model.clockMs += 30 * 24 * HOUR;
  }
  for (const media of model.media) {
    await sync(world, media, SWEPT);
    expect(isSettled(media.state), `${media.id} is ${media.state}`).toBe(true);
    if (media.messages.size === 0)
      expect(isTombstone(media.state), `${media.id} is ${media.state}`).toBe(true);
  }
};

/** Asserts that a follower of a conversation ends with the row's state. */
const assertTold = async (world: LifecycleWorld, model: Model): Promise<void> => {
  for (const media of model.media)
    for (const conversation_id of new Set(media.messages.values())) {
      const [last] = await world.db.database.client.$queryRaw<{ rev: number }[]>`
        SELECT max((coalesce(payload->'media', payload->'message'->'media')->>'rev')::int) AS rev
        FROM conversation_event WHERE conversation_id = ${conversation_id}
          AND coalesce(payload->'media', payload->'message'->'media')->>'media_object_id' = ${media.id}`;
      expect(last?.rev).toBe(media.rev);
    }
};

test('whatever happens to media objects, in whatever order: no illegal transition, and all of them settle', async () => {
  const seed = randomInt(2 ** 31);
  console.log(`lifecycle model seed ${seed}`);
  const ends = new Set<MediaState>();
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(commands, async (plan) => {
      const world = await LifecycleWorld.create(db, settings, `m${uuidv7()}`);
      const model: Model = { media: [], clockMs: 0 };
      await fc.asyncModelRun(() => ({ model, real: world }), plan);
      for (const { state } of model.media) seen.add(state);
      await runOut(world, model);
      await assertTold(world, model);
      for (const { state } of model.media) ends.add(state);
    }),
    { seed, numRuns: RUNS, endOnFailure: true },
  );
  // The runs must have reached some states. Which ones exactly is up to the seed.
  expect(seen.size).toBeGreaterThan(2);
  expect(ends.size).toBeGreaterThan(1);
});
