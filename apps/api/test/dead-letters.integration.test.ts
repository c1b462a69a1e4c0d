import { randomUUID } from 'node:crypto';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { type ConsumerOptions, JetStreamConsumer } from '@claimcheck/platform/nats/consumer';
import { DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { type Exhaustion, PoisonError } from '@claimcheck/platform/nats/delivery';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { readMedia } from '../src/media/record/media-row.ts';
import { createTestBus, logger, type TestBus } from './harness/test-bus.ts';
import { createTestDatabase, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
let broker: TestBus;
let deadLetters: DeadLetters;
let running: JetStreamConsumer<{ name: string }>[] = [];
const WITHIN = { timeout: 30_000 };

beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
  broker = await createTestBus(inject('stack').NATS_URL ?? '');
  deadLetters = new DeadLetters(broker.bus);
});
afterEach(async () => {
  await Promise.all(running.map((consumer) => consumer.stop()));
  running = [];
  for await (const letter of deadLetters.list()) await deadLetters.remove(letter);
});
afterAll(async () => {
  await broker?.close();
  await db?.close();
});

const publish = (payload: string, subject = broker.bus.subjects.optimizeResponse) =>
  broker.bus.publish(subject, payload, { messageId: randomUUID(), headers: { traceparent: '00-1' } });

const letters = async () => {
  const found = [];
  for await (const letter of deadLetters.list()) found.push(letter);
  return found;
};

/** A consumer of results that records the messages its handler receives. */
const consume = async (
  handle: (name: string) => void,
  onExhausted?: (name: string, end: Exhaustion) => void,
  {
    maxAttempts = 2,
    checkNeeds = async () => {},
    concurrency = 1,
  }: Pick<Partial<ConsumerOptions<{ name: string }>>, 'maxAttempts' | 'checkNeeds' | 'concurrency'> = {},
) => {
  const consumer = new JetStreamConsumer({
    bus: broker.bus,
    stream: broker.bus.streams.media.name,
    durable: CONSUMERS.results,
    subject: broker.bus.subjects.optimizeResponse,
    schema: z.object({ name: z.string() }),
    concurrency,
    ackWaitMs: 5_000,
    maxAttempts,
    handle: async ({ name }) => handle(name),
    onExhausted: async ({ name }, end) => onExhausted?.(name, end),
    checkNeeds,
    logger,
  });
  running.push(consumer);
  await consumer.start();
};

const cli = async (...argv: string[]) => {
  const out: string[] = [];
  const env = {
    ...inject('stack'),
    DATABASE_URL: db.url,
    APP_NAME: broker.appName,
    AUTH_JWT_SECRET: 'a secret of at least 32 characters',
  };
  const take = (text: string) => out.push(text);
  const audit: Record<string, unknown>[] = [];
  const code = await runCli(COMMANDS, argv, env, {
    out: take,
    error: take,
    audit: (line) => audit.push(JSON.parse(line)),
  });
  return { code, text: out.join(''), audit };
};

test('a dependency down for longer than all attempts take: no message is taken, and none abandoned', async () => {
  const done: string[] = [];
  let isAway = true;
  let looks = 0;
  const needs = () => {
    if (isAway) throw new Error('away');
  };
  const handle = (name: string) => {
    needs();
    done.push(name);
  };
  const checkNeeds = async () => {
    looks += 1;
    needs();
  };
  await consume(handle, undefined, { checkNeeds });
  for (const name of ['a', 'b']) await publish(JSON.stringify({ name }));
  // Two attempts take a second, and the dependencies are checked once a second.
  await expect.poll(() => looks, WITHIN).toBeGreaterThan(4);
  expect(await letters()).toEqual([]);
  isAway = false;
  await expect.poll(() => done.toSorted(), WITHIN).toEqual(['a', 'b']);
  expect(await letters()).toEqual([]);
});

test('a message that arrives while a dependency is down waits in its slot, and uses no attempt', async () => {
  const tried: string[] = [];
  let isAway = true;
  let looks = 0;
  const needs = () => {
    if (isAway) throw new Error('away');
  };
  const handle = (name: string) => {
    tried.push(name);
    needs();
  };
  const checkNeeds = async () => {
    looks += 1;
    needs();
  };
  await consume(handle, undefined, { checkNeeds, concurrency: 8 });
  await publish('{"name":"a"}');
  await expect.poll(() => looks, WITHIN).toBeGreaterThan(0);
  // The request that brought the first message is open for more; after a second it brings the first one again.
  for (const name of ['b', 'c', 'd']) await publish(JSON.stringify({ name }));
  await expect.poll(() => looks, WITHIN).toBeGreaterThan(4);
  expect(tried).toEqual(['a']);
  isAway = false;
  await expect.poll(() => tried.toSorted(), WITHIN).toEqual(['a', 'a', 'b', 'c', 'd']);
  expect(await letters()).toEqual([]);
});

test('a poisonous message becomes a dead letter at once, with its reason, and the next one is processed', async () => {
  const seen: string[] = [];
  await consume((name) => {
    seen.push(name);
    if (name === 'hopeless') throw new PoisonError('no such thing');
  });
  for (const payload of ['not json', '{"name":1}', '{"name":"hopeless"}', '{"name":"good"}'])
    await publish(payload);
  await expect.poll(() => seen, WITHIN).toEqual(['hopeless', 'good']);
  await expect.poll(async () => (await letters()).length, WITHIN).toBe(3);
  const found = await letters();
  expect(found.map(({ reason }) => reason)).toEqual([
    'the payload is not JSON',
    expect.stringContaining('schema: name'),
    'no such thing',
  ]);
  for (const letter of found)
    expect(letter).toMatchObject({
      consumer: CONSUMERS.results,
      attempts: 1,
      origin: broker.bus.subjects.optimizeResponse,
      headers: expect.objectContaining({ traceparent: '00-1' }),
    });
  expect(await deadLetters.counts()).toEqual(new Map([[CONSUMERS.results, 3]]));
});

test('a failing message is retried and in the end abandoned, while the next one is processed', async () => {
  const seen: string[] = [];
  const exhausted: string[] = [];
  await consume(
    (name) => {
      seen.push(name);
      if (name === 'bad') throw new Error('try again');
    },
    (name, end) => exhausted.push(`${name}: ${end}`),
  );
  await publish('{"name":"bad"}');
  await publish('{"name":"good"}');
  await expect.poll(async () => (await letters()).length, WITHIN).toBe(1);
  expect(seen).toEqual(['bad', 'good', 'bad']);
  expect(exhausted).toEqual(['bad: error']);
  expect((await letters())[0]).toMatchObject({ attempts: 2, reason: expect.stringContaining('2 times') });
});

test('a message delivered too often without an answer is dead-lettered before a handler sees it', async () => {
  const exhausted: string[] = [];
  const seen: string[] = [];
  await consume(
    (name) => seen.push(name),
    (name, end) => exhausted.push(`${name}: ${end}`),
    { maxAttempts: 0 },
  );
  await publish('{"name":"deadly"}');
  await expect.poll(async () => (await letters()).length, WITHIN).toBe(1);
  expect([seen, exhausted]).toEqual([[], ['deadly: crash']]);
});

test('a message that cannot even be abandoned in order is abandoned without another attempt', async () => {
  await consume(
    () => {
      throw new Error('try again');
    },
    () => {
      throw new Error('the notification fails');
    },
    { maxAttempts: 0 },
  );
  await publish('{"name":"cursed"}');
  await expect.poll(async () => (await letters()).map(({ attempts }) => attempts), WITHIN).toEqual([3]);
});

describe('claimcheck dlq', () => {
  const put = async (payload: object, subject: string, consumer: string): Promise<number> => {
    const given = {
      stream: 'S',
      stream_seq: Math.floor(Math.random() * 1e9),
      subject,
      attempts: 6,
      payload: Buffer.from(JSON.stringify(payload)),
      headers: undefined,
    };
    await deadLetters.put(consumer, given, 'delivered 6 times without success');
    return deadLetters.lastSeq();
  };

  test('list and show return the dead letters', async () => {
    const seq = await put({ name: 'x' }, broker.bus.subjects.virus, CONSUMERS.virus);
    await put({ name: 'y' }, broker.bus.subjects.optimizeResponse, CONSUMERS.results);
    const listed = await cli('dlq', 'list', '--consumer', CONSUMERS.virus, '--json');
    expect(JSON.parse(listed.text)).toMatchObject({ seq, consumer: CONSUMERS.virus, attempts: 6 });
    expect((await cli('dlq', 'list')).text).toContain('2 dead letters');
    const shown = JSON.parse((await cli('dlq', 'show', String(seq), '--json')).text);
    expect(shown).toMatchObject({ seq, payload: '{"name":"x"}', reason: expect.stringContaining('6 times') });
    expect(await cli('dlq', 'show', '999999')).toMatchObject({ code: 1 });
    expect(await cli('dlq', 'list', '--consumer', 'nobody')).toMatchObject({ code: 64 });
    expect(await cli('dlq', 'redrive')).toMatchObject({ code: 64 });
  });

  test('a redrive publishes it as a new message; one that fails again is left for the next redrive', async () => {
    const seen: string[] = [];
    await consume((name) => {
      seen.push(name);
      if (name === 'again') throw new PoisonError('still wrong');
    });
    const { optimizeResponse } = broker.bus.subjects;
    await put({ name: 'again' }, optimizeResponse, CONSUMERS.results);
    await put({ name: 'mended' }, optimizeResponse, CONSUMERS.results);
    const { code, text, audit } = await cli('dlq', 'redrive', '--all', '--json', '--reason', 'repaired');
    expect([code, JSON.parse(text)]).toEqual([0, { published: 2, new_epoch: 0, moot: 0 }]);
    expect(audit).toMatchObject(
      Array.from({ length: 2 }, () => ({
        action: 'dlq redrive',
        object: { dead_letter: expect.any(Number), consumer: CONSUMERS.results, outcome: 'published' },
        reason: 'repaired',
      })),
    );
    await expect.poll(() => seen.toSorted(), WITHIN).toEqual(['again', 'mended']);
    await expect
      .poll(async () => (await letters()).map(({ reason }) => reason), WITHIN)
      .toEqual(['still wrong']);
  });

  test('a letter that the broker does not take stays', async () => {
    const seq = await put({ name: 'x' }, `${broker.appName}.nowhere`, CONSUMERS.results);
    expect((await cli('dlq', 'redrive', String(seq))).code).toBe(1);
    expect(await deadLetters.get(seq)).toBeDefined();
  });

  test('a request is repeated as a new epoch after a failure; for media that is gone it is moot', async () => {
    const { optimizeRequest } = broker.bus.subjects;
    const requestOf = (mediaId: string) => ({
      mediaId,
      mediaUrl: 'https://media.example/x',
      s3Key: `${mediaId}/source`,
      s3Bucket: 'claimcheck',
      epoch: 1,
    });
    const setState = (id: string, state: 'failed' | 'deleted' | 'ready') =>
      db.database.client.media_object.update({ where: { media_object_id: id }, data: { state } });
    const failed = await db.uploaded();
    const deleted = await db.uploaded();
    const waiting = await db.uploaded();
    await setState(failed, 'failed');
    await setState(deleted, 'deleted');
    for (const id of [failed, deleted, waiting, randomUUID()])
      await put(requestOf(id), optimizeRequest, CONSUMERS.media);
    // This one is a rescan: the media object is ready, and its scan was not answered.
    const scanned = await db.uploaded();
    await setState(scanned, 'ready');
    await put({ ...requestOf(scanned), only: 'scan' }, optimizeRequest, CONSUMERS.media);
    const { text } = await cli('dlq', 'redrive', '--consumer', CONSUMERS.media, '--json');
    expect(JSON.parse(text)).toEqual({ published: 1, new_epoch: 2, moot: 2 });
    expect(await readMedia(db.database, scanned)).toMatchObject({ state: 'ready', epoch: 1 });
    expect(await readMedia(db.database, failed)).toMatchObject({ state: 'processing', epoch: 2 });
    expect(await readMedia(db.database, waiting)).toMatchObject({ state: 'processing', epoch: 2 });
    expect(await letters()).toEqual([]);
  });
});
