import { randomInt, randomUUID } from 'node:crypto';
import { createLogger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createResultConsumers } from '../src/background/result-consumers.ts';
import { readMedia } from '../src/media/record/media-row.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import type { Result } from '../src/media/results/result.ts';
import { resultsOf, type Scenario, scenarioArbitrary, shuffled } from './harness/results-scenario.ts';
import { createTestBus, type TestBus } from './harness/test-bus.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';
import { createTestStorage } from './harness/test-storage.ts';

const seed = Number(process.env.CLAIMCHECK_TEST_SEED ?? randomInt(2 ** 31));
let db: TestDatabase;
let broker: TestBus;
let storage: Storage;

beforeAll(async () => {
  console.log(`shuffled results: CLAIMCHECK_TEST_SEED=${seed}`);
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  broker = await createTestBus(stack.NATS_URL ?? '');
  storage = createTestStorage(stack);
});
afterAll(async () => {
  storage?.close();
  await broker?.close();
  await db?.close();
});

/** Creates an uploaded media object that was redriven up to its last epoch before any answer. */
const begin = async (scenario: Scenario): Promise<string> => {
  const id = await db.uploaded(scenario.filetype);
  const where = { media_object_id: id };
  await db.database.client.media_object.update({ where, data: { epoch: scenario.epochs } });
  return id;
};

const apply = (result: Result) => db.database.autocommit((on) => applyResult(on, settings, result));

/** Reads the state that members and operators can tell apart, without ids and times. */
const finalState = async (id: string) => {
  const row = await readMedia(db.database, id);
  if (row === undefined) throw new Error('the media object is gone');
  const applied = await db.database.client.applied_result.findMany({ where: { media_object_id: id } });
  const ofShown = row.derivatives.filter(({ epoch }) => epoch === row.applied_epoch);
  return {
    ...{ state: row.state, kind: row.kind, epoch: row.epoch, applied_epoch: row.applied_epoch },
    ...{ thumbnail_state: row.thumbnail_state, scan_state: row.scan_state, failure_code: row.failure_code },
    ...{ width: row.width, height: row.height, thumbhash: row.thumbhash, isOpen: row.ready_by !== null },
    transcoded: row.transcode_state === 'ready',
    derivatives: ofShown
      .map(({ quality, format, size_bytes, object_storage_key }) =>
        [quality, format, size_bytes, object_storage_key.replace(id, '')].join(' '),
      )
      .toSorted(),
    effects: applied
      .filter(({ epoch }) => epoch === row.applied_epoch)
      .map(({ stage }) => stage)
      .toSorted(),
  };
};

const requestsFor = async (id: string): Promise<number> => {
  const rows = await db.database.client.outbox.findMany({
    where: { subject: settings.subjects.transcodeRequest, payload: { path: ['mediaId'], equals: id } },
  });
  return rows.length;
};

test('drill 17: duplicated, delayed, shuffled and simultaneous results end as results in order', async () => {
  const property = fc.asyncProperty(
    fc.array(scenarioArbitrary, { minLength: 1, maxLength: 3 }),
    fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 60, maxLength: 60 }),
    fc.integer({ min: 1, max: 4 }),
    async (scenarios, keys, atOnce) => {
      const inOrder = await Promise.all(scenarios.map(begin));
      const disturbed = await Promise.all(scenarios.map(begin));
      for (const [index, scenario] of scenarios.entries())
        for (const result of resultsOf(scenario, inOrder[index] ?? '')) await apply(result);
      const all = scenarios.flatMap((scenario, index) => resultsOf(scenario, disturbed[index] ?? ''));
      const order = shuffled(all, keys, 3);
      for (let next = 0; next < order.length; next += atOnce)
        await Promise.all(order.slice(next, next + atOnce).map(apply));
      for (const [index, id] of disturbed.entries()) {
        expect(await finalState(id)).toEqual(await finalState(inOrder[index] ?? ''));
        expect(await requestsFor(id)).toBeLessThanOrEqual(scenarios[index]?.epochs ?? 0);
      }
    },
  );
  await fc.assert(property, { seed, numRuns: 40, endOnFailure: false });
});

test('drill 17: the same through a real consumer, each message three times', async () => {
  const scenarios = fc.sample(scenarioArbitrary, { seed, numRuns: 12 });
  const keys = fc.sample(fc.integer({ min: 0, max: 1_000 }), { seed, numRuns: 400 });
  const inOrder = await Promise.all(scenarios.map(begin));
  const disturbed = await Promise.all(scenarios.map(begin));
  for (const [index, scenario] of scenarios.entries())
    for (const result of resultsOf(scenario, inOrder[index] ?? '')) await apply(result);

  const all = scenarios.flatMap((scenario, index) => resultsOf(scenario, disturbed[index] ?? ''));
  const { bus } = broker;
  for (const { processed, ...result } of shuffled(all, keys, 3)) {
    const urls = processed.map(({ key, ...rest }) => ({ ...rest, url: storage.urlOf(key) }));
    // A separate id each: the broker must not drop any of them.
    await bus.publish(bus.subjects.optimizeResponse, JSON.stringify({ ...result, processed: urls }), {
      messageId: randomUUID(),
    });
  }
  const outcomes: string[] = [];
  const consumers = createResultConsumers({
    database: db.database,
    bus,
    storage,
    settings,
    maxAttempts: 5,
    concurrency: 8,
    logger: createLogger('api-test', 'silent'),
    onDelivery: (_consumer, outcome) => outcomes.push(outcome),
  });
  await Promise.all(consumers.map((consumer) => consumer.start()));
  try {
    await expect.poll(() => outcomes.length, { timeout: 30_000 }).toBe(3 * all.length);
  } finally {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  }
  expect(new Set(outcomes)).toEqual(new Set(['done']));
  for (const [index, id] of disturbed.entries())
    expect(await finalState(id)).toEqual(await finalState(inOrder[index] ?? ''));
});
