import { type Executor, Prisma } from '@claimcheck/database/database';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createConversation } from '../src/media/messages/conversations.ts';
import { deleteMessage } from '../src/media/messages/delete-message.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { ProblemError } from '../src/problem-error.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

// A message, its retries and its deletion, in every order and at the same time.

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

type Sender = <Result>(work: (on: Executor) => Promise<Result>) => Promise<Result>;

/** With an `Idempotency-Key` a message is sent in a transaction, without one it is not. */
const SENDERS: Record<string, Sender> = {
  'in a transaction': (work) => db.database.transaction(work),
  'without a transaction': (work) => db.database.autocommit(work),
};

const KEYS = ['a', 'b'] as const;
type Step = { do: 'send' | 'delete'; key: (typeof KEYS)[number] };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('send', 'send', 'delete'),
  key: fc.constantFrom(...KEYS),
});
/** Steps of one round happen at the same time; rounds follow each other. */
const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 });

/** A conversation, and its sender's client's knowledge of it. */
class World {
  readonly #conversation: string;
  readonly #sender: Sender;
  /** Ids of messages that the server returned for a key. */
  readonly ids = new Map<string, Set<string>>();
  readonly deleted = new Set<string>();

  constructor(conversation: string, sender: Sender) {
    this.#conversation = conversation;
    this.#sender = sender;
  }

  async run({ do: what, key }: Step): Promise<void> {
    await (what === 'send' ? this.#send(key) : this.#delete(key));
  }

  async #send(key: string): Promise<void> {
    const wasDeleted = this.deleted.has(key);
    const posting = { conversation_id: this.#conversation, sender_user_id: 'ann' };
    try {
      const { message } = await this.#sender((on) =>
        sendMessage(on, settings, posting, { client_message_id: key, body: key }),
      );
      expect(wasDeleted, `${key} was deleted before and is sent again`).toBe(false);
      this.ids.set(key, (this.ids.get(key) ?? new Set()).add(message.message_id));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      expect(error.problem.code).toBe('message_deleted');
    }
  }

  /** Deletes it like another device that received the message by its event, from the log. */
  async #delete(key: string): Promise<void> {
    const found = await db.database.client.message.findFirst({
      where: { conversation_id: this.#conversation, client_message_id: key },
    });
    if (found === null) return;
    const name = { conversation_id: this.#conversation, message_id: found.message_id };
    await db.database.transaction((tx) => deleteMessage(tx, settings, name, { user_id: 'ann' }));
    this.deleted.add(key);
  }

  async check(): Promise<void> {
    const where = { conversation_id: this.#conversation };
    const live = await db.database.client.message.findMany({ where });
    const events = await db.database.client.conversation_event.findMany({ where, orderBy: { seq: 'asc' } });
    for (const key of KEYS) {
      const count = live.filter(({ client_message_id }) => client_message_id === key).length;
      expect(count, `live messages of ${key}`).toBe(this.ids.has(key) && !this.deleted.has(key) ? 1 : 0);
      expect(this.ids.get(key)?.size ?? 0, `messages that were ever made of ${key}`).toBeLessThanOrEqual(1);
    }
    expect(events.map(({ seq }) => Number(seq))).toEqual(events.map((_, index) => index + 1));
    // One member was added; then each message appears once, and its deletion once.
    expect(events).toHaveLength(1 + new Set([...this.ids.keys(), ...this.deleted]).size + this.deleted.size);
  }
}

const senders = Object.entries(SENDERS);

test.each(senders)(
  'in any order of sending, retrying and deleting, a message sent %s is never created twice and never returns',
  async (how, sender) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(rounds, async (plan) => {
        runs += 1;
        const conversation = `model-${how.split(' ')[0]}-${runs}`;
        await db.database.transaction((tx) =>
          createConversation(tx, { conversation_id: conversation, created_by: 'ann', member_ids: ['ann'] }),
        );
        const world = new World(conversation, sender);
        for (const round of plan) await Promise.all(round.map((action) => world.run(action)));
        await world.check();
      }),
      { numRuns: 60 },
    );
  },
  120_000,
);

test.each(senders)(
  'a retry %s that read before the message existed and wrote after its deletion creates no second one',
  async (how, sender) => {
    const conversation_id = `late-${how.split(' ')[0]}`;
    const posting = { conversation_id, sender_user_id: 'ann' };
    await db.database.transaction((tx) =>
      createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }),
    );
    const input = { client_message_id: 'k', body: 'once' };
    // Its statements before the insertion find nothing; while it waits for the conversation, both happen.
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: locked, resolve: hasLocked } = Promise.withResolvers<void>();
    const other = db.database.transaction(async (tx) => {
      await tx.query(Prisma.sql`
        SELECT 1 FROM conversation WHERE conversation_id = ${conversation_id} FOR UPDATE`);
      hasLocked();
      await held;
      const { message } = await sendMessage(tx, settings, posting, input);
      const name = { conversation_id, message_id: message.message_id };
      await deleteMessage(tx, settings, name, { user_id: 'ann' });
    });
    await locked;
    const late = sender((on) => sendMessage(on, settings, posting, input));
    late.catch(() => {});
    await untilWaiting();
    release();
    await other;
    await expect(late).rejects.toThrow('The message was deleted');
    expect(await db.database.client.message.count({ where: { conversation_id } })).toBe(0);
  },
);

/** Waits until some statement of this database waits for a lock. */
const untilWaiting = async (): Promise<void> => {
  for (;;) {
    const [row] = await db.database.client.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if ((row?.waiting ?? 0) > 0) return;
  }
};
