import { randomUUID } from 'node:crypto';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { ensureConsumer } from '@claimcheck/platform/nats/ensure-consumer';
import { streamFacts } from '@claimcheck/platform/nats/stream-facts';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { type BrokerState, BrokerWatch } from '../src/background/broker-watch.ts';
import { createTestBus, logger, type TestBus } from './harness/test-bus.ts';

let broker: TestBus;
let watch: BrokerWatch | undefined;
let states: BrokerState[];
let complaints: string[];
let said: (string | undefined)[];
const WITHIN = { timeout: 10_000 };

beforeEach(async () => {
  broker = await createTestBus(inject('stack').NATS_URL ?? '');
  states = [];
  complaints = [];
  said = [];
});
afterEach(async () => {
  await watch?.stop();
  await broker?.close();
});

const start = ({ hasWebhooks = false } = {}): void => {
  const take = (fields: unknown, message?: string) => {
    complaints.push(JSON.stringify(fields));
    said.push(message);
  };
  watch = new BrokerWatch({
    bus: broker.bus,
    logger: { error: take, warn: take },
    everyMs: 50,
    hasWebhooks,
    onState: (state) => states.push(state),
  });
  watch.start();
};

const read = (durable: string, subject: string) =>
  ensureConsumer(
    { bus: broker.bus, stream: broker.bus.streams.media.name, durable, subject, ackWaitMs: 1_000 },
    logger,
  );

const unread = () => states.at(-1)?.unreadSubjects.toSorted();

test('request subjects without a reader are reported by name once, and cleared when a reader comes', async () => {
  const { optimizeRequest, transcodeRequest } = broker.bus.subjects;
  start();
  await expect.poll(unread, WITHIN).toEqual([optimizeRequest, transcodeRequest]);
  const looks = states.length;
  await expect.poll(() => states.length, WITHIN).toBeGreaterThan(looks + 3);
  expect(complaints).toEqual(
    [optimizeRequest, transcodeRequest].map((subject) => JSON.stringify({ subject })),
  );
  await read(CONSUMERS.media, optimizeRequest);
  await read(CONSUMERS.transcode, transcodeRequest);
  await expect.poll(unread, WITHIN).toEqual([]);
});

test('answers under a name that this process does not know are reported', async () => {
  const { optimizeRequest, transcodeRequest, optimizeResponse } = broker.bus.subjects;
  await read(CONSUMERS.media, optimizeRequest);
  await read(CONSUMERS.transcode, transcodeRequest);
  const renamed = await broker.connect({ optimizeResponse: `${broker.appName}.answers` });
  await renamed.ensureStreams();
  await read(CONSUMERS.results, renamed.subjects.optimizeResponse);
  start();
  await expect.poll(unread, WITHIN).toEqual([]);
  await broker.bus.publish(optimizeResponse, '{}', { messageId: randomUUID() });
  await expect.poll(unread, WITHIN).toEqual([optimizeResponse]);
});

test('waiting and abandoned messages are counted by consumer', async () => {
  const { optimizeRequest } = broker.bus.subjects;
  await read(CONSUMERS.media, optimizeRequest);
  for (let count = 0; count < 3; count += 1)
    await broker.bus.publish(optimizeRequest, '{}', { messageId: randomUUID() });
  const given = { stream: 'S', stream_seq: 1, subject: optimizeRequest, attempts: 1, headers: undefined };
  await new DeadLetters(broker.bus).put(CONSUMERS.media, { ...given, payload: Buffer.from('{}') }, 'poison');
  start();
  await expect.poll(() => states.at(-1)?.pending.get(CONSUMERS.media), WITHIN).toBe(3);
  expect(states.at(-1)?.deadLetters).toEqual(new Map([[CONSUMERS.media, 1]]));
});

test('events that wait for the webhook are counted, with the age of the oldest', async () => {
  const { bus } = broker;
  const { name: stream } = bus.streams.facts;
  const { mediaUpdated: subject } = bus.subjects;
  await ensureConsumer({ bus, stream, durable: CONSUMERS.webhooks, subject, ackWaitMs: 1_000 }, logger);
  for (let count = 0; count < 2; count += 1)
    await bus.publish(subject, '{}', { messageId: randomUUID(), headers: {} });
  start({ hasWebhooks: true });
  await expect.poll(() => states.at(-1)?.pending.get(CONSUMERS.webhooks), WITHIN).toBe(2);
  await expect.poll(() => states.at(-1)?.oldestAge.get(CONSUMERS.webhooks), WITHIN).toBeGreaterThan(0);
});

test.each(['deadLetters', 'media', 'storage'] as const)(
  'the stream %s, lost alone, is recreated, and the next check succeeds',
  async (lost) => {
    const { bus } = broker;
    start();
    await expect.poll(() => states.length, WITHIN).toBeGreaterThan(0);
    await bus.manager.streams.delete(bus.streams[lost].name);
    await expect
      .poll(async () => (await streamFacts(bus)).every(({ found }) => found !== undefined), WITHIN)
      .toBe(true);
    expect(said.join()).toContain('a stream is missing');
    const given = { stream: 'S', stream_seq: 1, subject: 's', attempts: 1, headers: undefined };
    await new DeadLetters(bus).put(CONSUMERS.media, { ...given, payload: Buffer.from('{}') }, 'poison');
    await expect.poll(() => states.at(-1)?.deadLetters, WITHIN).toEqual(new Map([[CONSUMERS.media, 1]]));
  },
);

test('a subject of another stream is refused by name, with that stream', async () => {
  const taken = `${broker.appName}.taken`;
  await broker.bus.manager.streams.add({ name: `${broker.appName}-OTHER`, subjects: [taken] });
  const wrong = await broker.connect({ virus: taken });
  await expect(wrong.ensureStreams()).rejects.toThrow(
    `${taken} belongs to the stream ${broker.appName}-OTHER, so ${broker.bus.streams.media.name} cannot take it`,
  );
  await broker.bus.manager.streams.delete(`${broker.appName}-OTHER`);
});

test('two processes that name a subject differently are both read, and neither removes the other', async () => {
  const { optimizeResponse } = broker.bus.subjects;
  const renamed = await broker.connect({ optimizeResponse: `${broker.appName}.answers` });
  await renamed.ensureStreams();
  await read(CONSUMERS.results, optimizeResponse);
  await broker.bus.publish(optimizeResponse, '{}', { messageId: randomUUID() });
  await read(CONSUMERS.results, renamed.subjects.optimizeResponse);
  await broker.bus.publish(renamed.subjects.optimizeResponse, '{}', { messageId: randomUUID() });
  // The first stream again, as after a restart.
  await read(CONSUMERS.results, optimizeResponse);
  const info = await broker.bus.manager.consumers.info(broker.bus.streams.media.name, CONSUMERS.results);
  const both = [optimizeResponse, renamed.subjects.optimizeResponse];
  expect([info.config.filter_subjects, info.num_pending]).toEqual([both, 2]);
  start();
  await expect.poll(() => states.at(-1)?.pending.get(CONSUMERS.results), WITHIN).toBe(2);
  expect(unread()).not.toContain(optimizeResponse);
  expect(unread()).not.toContain(renamed.subjects.optimizeResponse);
});

test('the oldest message of a consumer with two subjects counts, whichever subject it has', async () => {
  const { optimizeResponse } = broker.bus.subjects;
  const renamed = await broker.connect({ optimizeResponse: `${broker.appName}.answers` });
  await renamed.ensureStreams();
  await read(CONSUMERS.results, optimizeResponse);
  await read(CONSUMERS.results, renamed.subjects.optimizeResponse);
  await broker.bus.publish(renamed.subjects.optimizeResponse, '{}', { messageId: randomUUID() });
  start();
  await expect.poll(() => states.at(-1)?.oldestAge.get(CONSUMERS.results), WITHIN).toBeGreaterThan(1);
  await broker.bus.publish(optimizeResponse, '{}', { messageId: randomUUID() });
  await expect.poll(() => states.at(-1)?.pending.get(CONSUMERS.results), WITHIN).toBe(2);
  expect(states.at(-1)?.oldestAge.get(CONSUMERS.results)).toBeGreaterThan(1);
});

test('a durable consumer follows its settings, and keeps what waits in it', async () => {
  const { optimizeResponse: subject } = broker.bus.subjects;
  const { bus } = broker;
  const consumer = { bus, stream: bus.streams.media.name, durable: CONSUMERS.results, subject };
  await ensureConsumer({ ...consumer, ackWaitMs: 1_000 }, logger);
  await bus.publish(subject, '{}', { messageId: randomUUID() });
  await ensureConsumer({ ...consumer, ackWaitMs: 2_000 }, logger);
  const info = await bus.manager.consumers.info(consumer.stream, consumer.durable);
  expect([info.config.ack_wait, info.num_pending]).toEqual([2_000 * 1_000_000, 1]);
});
