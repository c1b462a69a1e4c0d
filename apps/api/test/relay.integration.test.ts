import { randomUUID } from 'node:crypto';
import { Database } from '@claimcheck/database/database';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { OutboxClaims } from '../src/background/outbox-claims.ts';
import { OutboxSender } from '../src/background/outbox-sender.ts';
import { OutboxSignal } from '../src/background/outbox-signal.ts';
import { OwnOutbox } from '../src/background/own-outbox.ts';
import { Relay, type RelayOptions } from '../src/background/relay.ts';
import { enqueue } from '../src/media/record/outbox.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { finalizeUpload } from '../src/media/uploads/finalize-upload.ts';
import { createTestBus, logger, type TestBus } from './harness/test-bus.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
let broker: TestBus;
let relays: Relay[];
const WITHIN = { timeout: 20_000 };

beforeEach(async () => {
  relays = [];
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
  broker = await createTestBus(inject('stack').NATS_URL ?? '');
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await broker?.close();
  await db?.close();
});

const startRelay = (options: Partial<RelayOptions> = {}): void => {
  const { bus } = broker;
  const signal = new OutboxSignal(bus);
  const relay = new Relay({ database: db.database, bus, signal, settings, logger, pollMs: 100, ...options });
  relays.push(relay);
  relay.start();
};

const commit = (count: number, subject = broker.bus.subjects.mediaUpdated): Promise<string[]> =>
  db.database.transaction((tx) =>
    enqueue(tx, ...Array.from({ length: count }, (_, number) => ({ subject, payload: { number } }))),
  );

const unpublished = () => db.database.client.outbox.count({ where: { published_at: null } });

const streamed = async (): Promise<number> => {
  const { facts, media } = broker.bus.streams;
  const infos = [facts, media].map(({ name }) => broker.bus.manager.streams.info(name));
  return (await Promise.all(infos)).reduce((sum, { state }) => sum + state.messages, 0);
};

test('several relays share the work: every message is in the stream once, and marked', async () => {
  let published = 0;
  for (let count = 0; count < 3; count += 1)
    startRelay({
      onPublished: (some) => {
        published += some;
      },
    });
  await Promise.all(Array.from({ length: 10 }, () => commit(200)));
  await expect.poll(unpublished, WITHIN).toBe(0);
  expect(await streamed()).toBe(2_000);
  expect(published).toBe(2_000);
});

describe('a relay that died', () => {
  test('before it published: another one takes over when the lease ends', async () => {
    await commit(5);
    const dead = await new OutboxClaims(db.database, 500).take(3);
    expect(dead.messages).toHaveLength(3);
    startRelay();
    await expect.poll(unpublished, WITHIN).toBe(0);
    expect(await streamed()).toBe(5);
  });

  test('after the broker confirmed and before the mark: the broker drops the repetition', async () => {
    await commit(5);
    const dead = await new OutboxClaims(db.database, 200).take(5);
    for (const { id, subject, payload } of dead.messages)
      await broker.bus.publish(subject, payload, { messageId: id });
    startRelay();
    await expect.poll(unpublished, WITHIN).toBe(0);
    expect(await streamed()).toBe(5);
  });

  test('late: it changes nothing about a claim that another one holds', async () => {
    await commit(1);
    const late = new OutboxClaims(db.database, 1);
    const first = await late.take(1);
    const claims = new OutboxClaims(db.database, 60_000);
    await expect.poll(async () => (await claims.take(1)).messages.length, WITHIN).toBe(1);
    const [held] = await db.database.client.outbox.findMany();
    await late.giveBack(first.id, first.messages);
    expect(await db.database.client.outbox.findMany()).toEqual([held]);
    expect((await claims.take(1)).messages).toEqual([]);
  });
});

test('a message that the broker refuses is kept and retried, and delays no other and no transaction', async () => {
  const failures: number[] = [];
  startRelay({ onFailed: (count) => failures.push(count) });
  const nowhere = `${broker.appName}.nowhere`;
  await commit(2, nowhere);
  await expect.poll(() => failures.length, WITHIN).toBeGreaterThan(0);
  const [open] = await db.database.client.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
  expect(open?.count).toBe(0);
  await commit(3);
  await expect.poll(unpublished, WITHIN).toBe(2);

  await broker.bus.manager.streams.add({ name: `${broker.appName}-LATE`, subjects: [nowhere] });
  await expect.poll(unpublished, WITHIN).toBe(0);
  await broker.bus.manager.streams.delete(`${broker.appName}-LATE`);
});

test('a message that no stream takes does not pause the relay, and is retried less and less often', async () => {
  let claims = 0;
  const claimsAtFailure: number[] = [];
  await commit(1, `${broker.appName}.nowhere`);
  startRelay({
    onClaimed: () => {
      claims += 1;
    },
    onFailed: () => claimsAtFailure.push(claims),
  });
  await expect.poll(() => claimsAtFailure.length, WITHIN).toBeGreaterThan(1);
  const [first = 0, second = 0] = claimsAtFailure;
  // It checks for others every 100 ms, and retries this one after a second at the earliest.
  expect(second - first).toBeGreaterThan(3);

  await db.database.client.outbox.updateMany({ data: { created_at: new Date(Date.now() - 60_000) } });
  await expect
    .poll(async () => {
      const [row] = await db.database.client.outbox.findMany();
      return (row?.claimed_until?.getTime() ?? 0) - Date.now();
    }, WITHIN)
    .toBeGreaterThan(3_000);
});

test('a broker that lost its streams gets them again, with the unconfirmed messages', async () => {
  startRelay();
  await broker.bus.manager.streams.delete(broker.bus.streams.facts.name);
  await commit(4);
  await expect.poll(unpublished, WITHIN).toBe(0);
  expect(await streamed()).toBe(4);
});

test('no message is claimed while the broker is down', async () => {
  await commit(3);
  const away = await broker.connect();
  const signal = new OutboxSignal(away);
  const claims: number[] = [];
  startRelay({ bus: away, signal, onClaimed: (count) => claims.push(count) });
  await expect.poll(() => claims.length, WITHIN).toBeGreaterThan(1);
  await away.close();
  await commit(3);
  const [relay] = relays;
  await relay?.stop();
  const left = await db.database.client.outbox.findMany({ where: { published_at: null } });
  expect(left.map(({ claim }) => claim)).toEqual([null, null, null]);
  startRelay();
  await expect.poll(unpublished, WITHIN).toBe(0);
});

test('the signal wakes the relay of this process, or else one of the others', async () => {
  const [other, third] = [await broker.connect(), await broker.connect()];
  const heard = { here: 0, there: 0, beyond: 0 };
  const signal = new OutboxSignal(broker.bus);
  const stops = [
    new OutboxSignal(other).listen(() => {
      heard.there += 1;
    }),
    new OutboxSignal(third).listen(() => {
      heard.beyond += 1;
    }),
  ];
  await Promise.all([other.connection.flush(), third.connection.flush()]);
  for (let count = 0; count < 3; count += 1) signal.raise();
  await expect.poll(() => heard.there + heard.beyond, WITHIN).toBe(3);

  const stop = signal.listen(() => {
    heard.here += 1;
  });
  signal.raise();
  expect(heard.here).toBe(1);
  await broker.bus.connection.flush();
  await Promise.all([other.connection.flush(), third.connection.flush()]);
  expect(heard.there + heard.beyond).toBe(3);
  for (const end of [stop, ...stops]) end();
});

describe('what a process writes itself', () => {
  const startOwn = () => {
    const claims = new OutboxClaims(db.database, 60_000);
    const sender = new OutboxSender({ claims, bus: broker.bus, logger });
    const own = new OwnOutbox(broker.bus, sender);
    const database: Database = new Database({
      url: db.url,
      claim: () => own.claim(),
      onCommit: (facts) => {
        for (const fact of facts) if (fact.fact === 'outbox') own.publish(fact.messages);
      },
    });
    return { own, database };
  };

  test('is published after the commit without a relay, and no relay takes it meanwhile', async () => {
    const { own, database } = startOwn();
    let claimed = 0;
    startRelay({
      onClaimed: (count) => {
        claimed += count;
      },
    });
    const { mediaUpdated, optimizeRequest } = broker.bus.subjects;
    await database.transaction((tx) =>
      enqueue(
        tx,
        { subject: mediaUpdated, payload: { a: 1 } },
        { subject: optimizeRequest, payload: { mediaId: 'm', epoch: 1 } },
      ),
    );
    await expect.poll(unpublished, WITHIN).toBe(0);
    expect(await streamed()).toBe(2);
    expect(claimed).toBe(0);
    // The request stays: its position in the stream tells whether it waits.
    const [request, ...others] = await db.database.client.outbox.findMany();
    expect(request).toMatchObject({ subject: optimizeRequest, published_at: expect.any(Date) });
    expect(Number(request?.stream_seq)).toBeGreaterThan(0);
    expect(others).toEqual([]);
    await own.stop();
    await database.close();
  });

  test('is not lost when the process ends between its commit and the publish', async () => {
    const lost = new Database({ url: db.url, claim: () => ({ id: randomUUID(), lease_ms: 300 }) });
    await lost.transaction((tx) =>
      enqueue(tx, { subject: broker.bus.subjects.mediaUpdated, payload: { a: 1 } }),
    );
    await lost.close();
    startRelay();
    await expect.poll(unpublished, WITHIN).toBe(0);
    expect(await streamed()).toBe(1);
  });

  test('is written down before the process ends in order', async () => {
    const { own, database } = startOwn();
    await database.transaction((tx) =>
      enqueue(tx, { subject: broker.bus.subjects.mediaUpdated, payload: { a: 1 } }),
    );
    await own.stop();
    expect(await unpublished()).toBe(0);
    expect(own.claim()).toBeUndefined();
    await database.close();
  });

  describe('about a media object', () => {
    const rules = () => ({ ...settings, subjects: broker.bus.subjects });

    /** Finishes an upload. @returns the id of its media object */
    const finishUpload = async (database: Database): Promise<string> => {
      const { session } = await database.autocommit((on) =>
        createUpload(on, rules(), {
          owner_user_id: 'ann',
          length: 1_000,
          part_size: 8_388_608,
          metadata: { filename: 'a.jpg', filetype: 'image/jpeg' },
        }),
      );
      await database.autocommit((on) => finalizeUpload(on, rules(), session.upload_id, 1_000));
      return session.upload_id;
    };

    /** Finishes an upload in a process that ends before it publishes. */
    const finishAndDie = async (): Promise<string> => {
      const lost = new Database({ url: db.url, claim: () => ({ id: randomUUID(), lease_ms: 300 }) });
      const id = await finishUpload(lost);
      await lost.close();
      return id;
    };

    const factsInOutbox = () =>
      db.database.client.outbox.findMany({
        where: { subject: { in: [broker.bus.subjects.mediaUpdated, broker.bus.subjects.mediaUploaded] } },
      });

    const factsInStream = async () => {
      const { name } = broker.bus.streams.facts;
      const { state } = await broker.bus.manager.streams.info(name);
      const seqs = Array.from({ length: state.messages }, (_, index) => state.first_seq + index);
      const messages = await Promise.all(
        seqs.map((seq) => broker.bus.manager.streams.getMessage(name, { seq })),
      );
      return messages.flatMap((message) =>
        message === null ? [] : [{ subject: message.subject, ...message.json<{ media: object }>() }],
      );
    };

    test('is a stub in the outbox, which no relay of the release before takes, and whole on the broker', async () => {
      const { own, database } = startOwn();
      const id = await finishAndDie();
      const stubs = await factsInOutbox();
      expect(stubs.map(({ payload }) => payload)).toEqual([
        { fact_of: id, rev: 2 },
        { fact_of: id, rev: 2 },
      ]);
      const [taken] = await db.database.client.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM outbox
        WHERE payload ? 'fact_of' AND (claimed_until IS NULL OR claimed_until < now() + interval '1 year')`;
      expect(taken?.count).toBe(0);

      const other = await finishUpload(database);
      await own.stop();
      const facts = await factsInStream();
      expect(facts).toHaveLength(2);
      for (const { media } of facts) expect(media).toMatchObject({ media_object_id: other, rev: 2 });
      await database.close();
    });

    test('is published by a relay when its process died, as the media object is by then', async () => {
      const id = await finishAndDie();
      await db.database.client.media_object.update({
        where: { media_object_id: id },
        data: { rev: 7, alt: 'later' },
      });
      startRelay({ leaseMs: 300 });
      await expect.poll(unpublished, WITHIN).toBe(0);
      const facts = await factsInStream();
      const { mediaUpdated, mediaUploaded } = broker.bus.subjects;
      expect(facts.map(({ subject }) => subject).sort()).toEqual([mediaUpdated, mediaUploaded].sort());
      for (const { media } of facts)
        expect(media).toMatchObject({ media_object_id: id, rev: 7, alt: 'later' });
    });

    test('ends with the media object', async () => {
      const id = await finishAndDie();
      await db.database.client.upload_session.deleteMany({ where: { upload_id: id } });
      await db.database.client.media_object.delete({ where: { media_object_id: id } });
      startRelay({ leaseMs: 300 });
      await expect.poll(async () => (await factsInOutbox()).length, WITHIN).toBe(0);
      expect(await factsInStream()).toEqual([]);
    });

    test('has its payload again when the broker refused it', async () => {
      const { own, database } = startOwn();
      await broker.bus.manager.streams.delete(broker.bus.streams.facts.name);
      const id = await finishUpload(database);
      await own.stop();
      const refused = await factsInOutbox();
      expect(refused).toHaveLength(2);
      for (const { payload, claimed_until } of refused) {
        expect(payload).toMatchObject({ media: { media_object_id: id, rev: 2 } });
        expect(claimed_until?.getTime()).toBeLessThan(Date.now() + 60_000);
      }
      await broker.bus.ensureStreams();
      startRelay();
      await expect.poll(unpublished, WITHIN).toBe(0);
      expect(await factsInStream()).toHaveLength(2);
      await database.close();
    });
  });
});
