import { randomBytes } from 'node:crypto';
import { optimizeRequestSchema } from '@claimcheck/contracts/broker-events';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { Bus } from '@claimcheck/platform/nats/bus';
import { JetStreamConsumer } from '@claimcheck/platform/nats/consumer';
import { ensureConsumer } from '@claimcheck/platform/nats/ensure-consumer';
import { createLogger } from '@claimcheck/platform/process/logger';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { OutboxSignal } from '../src/background/outbox-signal.ts';
import { Relay } from '../src/background/relay.ts';
import { resolveOverdueMedia } from '../src/background/sweeper/resolve-overdue-media.ts';
import type { DomainConfig } from '../src/media/record/domain-config.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { FIRST_OVERDUE, listOverdue, resolveOverdue } from '../src/media/results/overdue-media.ts';
import { requestRescan } from '../src/media/results/rescan-requests.ts';
import type { Result } from '../src/media/results/result.ts';
import { resultOf } from './harness/results.ts';
import { type DutyReport, later, runDuty } from './harness/run-duty.ts';
import { createTestDatabase, settings as defaults, type TestDatabase } from './harness/test-database.ts';

const MINUTE = 60_000;
const logger = createLogger('test', 'silent');

let db: TestDatabase;
let bus: Bus;
let settings: DomainConfig;

const connect = (appName: string) =>
  Bus.connect({ url: inject('stack').NATS_URL ?? '', name: 'test', appName, logger });

beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());
beforeEach(async () => {
  bus = await connect(`t${randomBytes(5).toString('hex')}`);
  await bus.ensureStreams();
  settings = { ...defaults, subjects: bus.subjects };
});
afterEach(async () => {
  // The next test's sweeper must not find media that one test left unsettled.
  await db.database.client.$executeRaw`UPDATE media_object SET ready_by = NULL WHERE ready_by IS NOT NULL`;
  await db.database.client.$executeRaw`DELETE FROM outbox`;
  await bus.ensureStreams();
  for (const { name } of Object.values(bus.streams)) await bus.manager.streams.delete(name);
  await bus.close();
});

const sweep = (now: Date, changed: Partial<DomainConfig> = {}): Promise<DutyReport> =>
  runDuty(resolveOverdueMedia({ database: db.database, bus, settings: { ...settings, ...changed } }), now);

const uploaded = (filetype?: string) => db.uploaded(filetype, settings);

/** Publishes like the relay, until no message is left. */
const publishAll = async (): Promise<void> => {
  const relay = new Relay({ signal: new OutboxSignal(bus), database: db.database, bus, settings, logger });
  relay.start();
  await expect
    .poll(() => db.database.client.outbox.count({ where: { published_at: null } }), { timeout: 10_000 })
    .toBe(0);
  await relay.stop();
};

/** A worker that takes requests without answering; each is in work until the test lets it be acked. */
const startWorker = async () => {
  let acked = 0;
  const inWork: (() => void)[] = [];
  const consumer = new JetStreamConsumer({
    bus,
    stream: bus.streams.media.name,
    durable: CONSUMERS.media,
    subject: bus.subjects.optimizeRequest,
    schema: optimizeRequestSchema,
    concurrency: 1,
    ackWaitMs: 30_000,
    maxAttempts: 5,
    handle: () => new Promise<void>((resolve) => inWork.push(resolve)),
    onOutcome: () => {
      acked += 1;
    },
    logger,
  });
  await consumer.start();
  const taken = () => expect.poll(() => inWork.length, { timeout: 10_000 }).toBe(1);
  return {
    taken,
    takeAndAck: async () => {
      await taken();
      const before = acked;
      inWork.pop()?.();
      await expect.poll(() => acked, { timeout: 10_000 }).toBe(before + 1);
    },
    stop: () => consumer.stop(),
  };
};

/** Its request was acked, and its result has not arrived yet. */
const uploadedAndAcked = async (): Promise<string> => {
  const worker = await startWorker();
  const id = await uploaded();
  await publishAll();
  await worker.takeAndAck();
  await worker.stop();
  return id;
};

const apply = (result: Result) => db.database.transaction((tx) => applyResult(tx, settings, result));

const row = (id: string) =>
  db.database.client.media_object.findUniqueOrThrow({ where: { media_object_id: id } });

const requestsOf = async (id: string): Promise<unknown[]> => {
  const rows = await db.database.client.$queryRaw<{ epoch: number }[]>`
    SELECT (payload->>'epoch')::int AS epoch FROM outbox WHERE payload->>'mediaId' = ${id} ORDER BY created_at`;
  return rows.map(({ epoch }) => epoch);
};

test('a request waiting in the queue is extended, never repeated, and settles at the last deadline', async () => {
  const id = await uploaded();
  await db.shared(id, 'queued');
  await publishAll();
  expect((await sweep(new Date())).decisions).toEqual([]);
  for (const minutes of [3, 6, 40])
    expect((await sweep(later(minutes * MINUTE))).decisions, `${minutes}`).toEqual(['extended']);
  expect(await row(id)).toMatchObject({ state: 'processing', epoch: 1, rev: 2 });
  // Never longer than READY_DEADLINE_MAX after the upload.
  expect((await sweep(later(59 * MINUTE))).decisions).toEqual(['extended']);
  const { ready_by, settle_by } = await row(id);
  expect(ready_by).toEqual(settle_by);
  expect(settle_by?.getTime()).toBeLessThanOrEqual(later(60 * MINUTE).getTime());
  db.facts.length = 0;
  expect((await sweep(later(61 * MINUTE))).decisions).toEqual(['failed']);
  expect(await row(id)).toMatchObject({ state: 'failed', failure_code: 'no_verdict', ready_by: null });
  expect(await requestsOf(id)).toEqual([1]);
  const told = db.facts.flatMap((fact) => (fact.fact === 'conversation_event' ? [fact.event] : []));
  expect(told).toMatchObject([
    { conversation_id: 'queued', type: 'media.updated', media: { state: 'failed' } },
  ]);
  expect((await sweep(later(300 * MINUTE))).decisions).toEqual([]);
});

test('where members may have unscanned media, the end is degraded, and a late result makes it ready', async () => {
  const id = await uploaded();
  await publishAll();
  await sweep(later(3 * MINUTE), { scanPolicy: 'deliver' });
  expect((await sweep(later(61 * MINUTE), { scanPolicy: 'deliver' })).decisions).toEqual(['degraded']);
  expect(await row(id)).toMatchObject({ state: 'degraded', failure_code: 'not_in_time' });
  for (const stage of ['preview', 'scan', 'final'] as const) await apply(resultOf(id, stage));
  expect(await row(id)).toMatchObject({ state: 'ready', failure_code: null });
});

test('an unpublished request counts as waiting too', async () => {
  const id = await uploaded();
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['extended']);
  expect(await requestsOf(id)).toEqual([1]);
});

test('a request in work is left alone; one acked without a result is repeated, but not for ever', async () => {
  const worker = await startWorker();
  const id = await uploaded();
  await publishAll();
  await worker.taken();
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['extended']);
  await worker.takeAndAck();
  for (const epoch of [2, 3, 4, 5]) {
    const at = later(epoch * 3 * MINUTE);
    expect((await sweep(at)).decisions, `epoch ${epoch}`).toEqual(['redriven']);
    expect(await row(id)).toMatchObject({ state: 'processing', epoch });
    // The new request waits now, and is not repeated again.
    expect((await sweep(at)).decisions).toEqual([]);
    await publishAll();
    await worker.takeAndAck();
  }
  await worker.stop();
  expect((await sweep(later(20 * MINUTE))).decisions).toEqual(['failed']);
  expect(await requestsOf(id)).toEqual([1, 2, 3, 4, 5]);
});

test('a temporary failure settles nothing until the last attempt; any other settles at once', async () => {
  const failed = (id: string, epoch: number, retryable: boolean): Result => ({
    ...resultOf(id, 'final', epoch),
    success: false,
    processed: [],
    code: 'processing_failed',
    retryable,
  });
  const worker = await startWorker();
  const id = await uploaded();
  for (const epoch of [1, 2, 3, 4]) {
    await publishAll();
    await worker.takeAndAck();
    // The failure of an abandoned attempt may be reported twice.
    for (const _ of [1, 2]) expect(await apply(failed(id, epoch, true))).toBe('retried_later');
    expect(await row(id)).toMatchObject({ state: 'processing', epoch, failure_code: null });
    expect((await sweep(later(epoch * 3 * MINUTE))).decisions, `epoch ${epoch}`).toEqual(['redriven']);
  }
  await publishAll();
  await worker.takeAndAck();
  // A result that arrives after its attempt was abandoned still counts.
  expect(await apply(resultOf(id, 'preview', 4))).toBe('applied');
  expect(await apply(failed(id, 5, true))).toBe('applied');
  // A missing preview withholds nothing, and nothing is delivered without a verdict.
  expect(await row(id)).toMatchObject({ state: 'processing', failure_code: 'processing_failed' });
  expect((await sweep(later(20 * MINUTE))).decisions).toEqual(['failed']);
  expect(await row(id)).toMatchObject({ state: 'failed', failure_code: 'no_verdict', ready_by: null });

  const hopeless = await uploaded();
  await publishAll();
  await worker.takeAndAck();
  expect(await apply(failed(hopeless, 1, false))).toBe('applied');
  expect((await sweep(later(30 * MINUTE))).decisions).toEqual(['failed']);
  expect(await row(hopeless)).toMatchObject({ state: 'failed', epoch: 1 });
  await worker.stop();
});

test('a broker that lost its files is noticed, even if its numbers have passed ours', async () => {
  const ids = [await uploaded(), await uploaded()];
  await publishAll();
  await bus.manager.streams.delete(bus.streams.media.name);
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['redriven', 'redriven']);
  await bus.ensureStreams();
  for (let index = 0; index < 20; index += 1)
    await bus.publish(bus.subjects.optimizeRequest, '{}', { messageId: `other-${index}` });
  await publishAll();
  expect((await sweep(later(6 * MINUTE))).decisions).toEqual(['extended', 'extended']);
  await bus.manager.streams.delete(bus.streams.media.name);
  await bus.ensureStreams();
  for (let index = 0; index < 40; index += 1)
    await bus.publish(bus.subjects.optimizeRequest, '{}', { messageId: `again-${index}` });
  expect((await sweep(later(9 * MINUTE))).decisions).toEqual(['redriven', 'redriven']);
  for (const id of ids) {
    expect(await requestsOf(id)).toEqual([1, 2, 3]);
    for (const stage of ['preview', 'scan', 'final'] as const) await apply(resultOf(id, stage, 3));
    expect(await row(id)).toMatchObject({ state: 'ready', applied_epoch: 3, ready_by: null });
  }
});

test('while the broker is down no request is repeated; at the last deadline it settles all the same', async () => {
  const id = await uploaded();
  await publishAll();
  const away = await connect(`t${randomBytes(5).toString('hex')}`);
  await away.close();
  const duty = resolveOverdueMedia({
    database: db.database,
    bus: away,
    settings: { ...settings, subjects: away.subjects },
  });
  await db.database.client.$executeRaw`
    UPDATE outbox SET subject = ${away.subjects.optimizeRequest} WHERE payload->>'mediaId' = ${id}`;
  expect((await runDuty(duty, later(3 * MINUTE))).decisions).toEqual(['error', 'extended']);
  expect((await runDuty(duty, later(61 * MINUTE))).decisions).toEqual(['error', 'failed']);
});

test('after a night of downtime, every media object gets one more deadline before it is settled', async () => {
  const id = await uploaded();
  await publishAll();
  expect((await sweep(later(600 * MINUTE))).decisions).toEqual(['extended']);
  expect((await sweep(later(601 * MINUTE))).decisions).toEqual([]);
  expect((await sweep(later(603 * MINUTE))).decisions).toEqual(['failed']);
  expect(await requestsOf(id)).toEqual([1]);
});

test('parallel sweepers repeat each request once', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, () => uploaded()));
  await publishAll();
  await bus.manager.streams.delete(bus.streams.media.name);
  const at = later(3 * MINUTE);
  const reports = await Promise.all([sweep(at), sweep(at), sweep(at)]);
  expect(reports.flatMap(({ decisions }) => decisions)).toEqual(ids.map(() => 'redriven'));
  for (const id of ids) expect(await requestsOf(id)).toEqual([1, 2]);
});

test('a media object that the sweeper cannot handle does not delay the others', async () => {
  const ids = [await uploaded(), await uploaded()];
  // The database refuses what the sweeper wants to write.
  await db.database.client.$executeRawUnsafe(
    `ALTER TABLE media_object ADD CONSTRAINT broken CHECK (media_object_id <> '${ids[0]}' OR settle_by IS NULL)`,
  );
  const report = await sweep(later(3 * MINUTE));
  await db.database.client.$executeRaw`ALTER TABLE media_object DROP CONSTRAINT broken`;
  expect(report.decisions).toEqual(['error', 'extended']);
});

test('a video whose transcode waits is offered as uploaded, still checked, and completed by the late result', async () => {
  const id = await uploaded('video/mp4');
  await apply(resultOf(id, 'preview', 1, 'video/mp4'));
  await apply(resultOf(id, 'scan', 1, 'video/mp4'));
  await publishAll();
  expect(await row(id)).toMatchObject({ state: 'processing', transcode_state: 'pending' });
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['offered']);
  expect(await row(id)).toMatchObject({ state: 'degraded', transcode_state: 'pending', failure_code: null });
  expect((await sweep(later(6 * MINUTE))).decisions).toEqual(['extended']);
  await apply(resultOf(id, 'final', 1, 'video/mp4'));
  expect(await row(id)).toMatchObject({ state: 'ready', transcode_state: 'ready', ready_by: null });
  expect((await sweep(later(600 * MINUTE))).decisions).toEqual([]);
});

test('a lost transcode request is repeated while members have the source, and abandoned in the end', async () => {
  const id = await uploaded('video/mp4');
  await apply(resultOf(id, 'preview', 1, 'video/mp4'));
  await apply(resultOf(id, 'scan', 1, 'video/mp4'));
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['offered']);
  await publishAll();
  await bus.manager.streams.delete(bus.streams.media.name);
  expect((await sweep(later(6 * MINUTE))).decisions).toEqual(['redriven']);
  expect(await row(id)).toMatchObject({ state: 'degraded', epoch: 2, transcode_state: 'none' });
  await sweep(later(59 * MINUTE));
  expect((await sweep(later(70 * MINUTE))).decisions).toEqual(['given_up']);
  expect(await row(id)).toMatchObject({ state: 'degraded', failure_code: 'not_in_time', ready_by: null });
});

test('lagging results keep every media object waiting; a steady queue of them does not', async () => {
  const id = await uploadedAndAcked();
  const stream = bus.streams.media.name;
  const { optimizeResponse } = bus.subjects;
  const reader = { bus, stream, durable: CONSUMERS.results, subject: optimizeResponse, ackWaitMs: 30_000 };
  await ensureConsumer(reader, logger);
  const say = (n: number) => bus.publish(optimizeResponse, '{}', { messageId: `${id}-${n}` });
  await say(0);
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['extended']);

  // There is always one result in the queue: the next is published before the previous one is acked.
  const consumer = await bus.jetstream.consumers.get(stream, CONSUMERS.results);
  let swept = false;
  const busy = (async () => {
    for (let n = 1; !swept; n += 1) {
      await say(n);
      await (await consumer.next({ expires: 5_000 }))?.ackAck();
    }
  })();
  expect((await sweep(later(6 * MINUTE))).decisions).toEqual(['redriven']);
  swept = true;
  await busy;
});

test('a request made after the queue was read is not repeated', async () => {
  const id = await uploaded('video/mp4');
  await apply(resultOf(id, 'preview', 1, 'video/mp4'));
  const now = later(3 * MINUTE);
  const [overdue] = await listOverdue(db.database, now, FIRST_OVERDUE, 1);
  if (overdue === undefined) throw new Error('it is not overdue');
  // The verdict was still on its way, and requests the transcode.
  await apply(resultOf(id, 'scan', 1, 'video/mp4'));
  const settle = () =>
    db.database.transaction((tx) => resolveOverdue(tx, settings, overdue, { isWaiting: false, now }));
  expect(await settle()).toBe('left');
  expect(await row(id)).toMatchObject({ epoch: 1, transcode_state: 'pending' });
});

test('an offered video shows why it stays as uploaded when its transcode fails for good', async () => {
  const id = await uploaded('video/mp4');
  await apply(resultOf(id, 'preview', 1, 'video/mp4'));
  await apply(resultOf(id, 'scan', 1, 'video/mp4'));
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['offered']);
  const failed: Result = { ...resultOf(id, 'final', 1, 'video/mp4'), success: false, processed: [] };
  expect(await apply({ ...failed, code: 'processing_failed' })).toBe('applied');
  expect(await row(id)).toMatchObject({
    state: 'degraded',
    transcode_state: 'failed',
    failure_code: 'processing_failed',
    ready_by: null,
    settle_by: null,
  });
  expect((await sweep(later(60 * MINUTE))).decisions).toEqual([]);
});

test('results that lag under another process’s name also keep every media object waiting', async () => {
  const id = await uploadedAndAcked();
  const stream = bus.streams.media.name;
  // Any other subject of the stream can serve as the other name.
  const { optimizeResponse: ours, virus: theirs } = bus.subjects;
  for (const subject of [ours, theirs])
    await ensureConsumer({ bus, stream, durable: CONSUMERS.results, subject, ackWaitMs: 30_000 }, logger);
  await bus.publish(ours, '{}', { messageId: `${id}-ours` });
  await bus.publish(theirs, '{}', { messageId: `${id}-theirs` });
  const consumer = await bus.jetstream.consumers.get(stream, CONSUMERS.results);
  await (await consumer.next({ expires: 5_000 }))?.ackAck();
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['extended']);
  await (await consumer.next({ expires: 5_000 }))?.ackAck();
  expect((await sweep(later(6 * MINUTE))).decisions).toEqual(['redriven']);
});

test('a waiting rescan does not count as a waiting transcode', async () => {
  const id = await uploaded('video/mp4');
  await apply(resultOf(id, 'preview', 1, 'video/mp4'));
  await apply(resultOf(id, 'scan', 1, 'video/mp4'));
  await publishAll();
  expect((await sweep(later(3 * MINUTE))).decisions).toEqual(['offered']);
  await bus.manager.streams.delete(bus.streams.media.name);
  await bus.ensureStreams();
  await db.database.transaction((tx) => requestRescan(tx, settings, [id]));
  await publishAll();
  expect((await sweep(later(6 * MINUTE))).decisions).toEqual(['redriven']);
});
