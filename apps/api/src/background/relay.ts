import { randomUUID } from 'node:crypto';
import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/bus';
import type { Logger } from '@claimcheck/platform/logger';

interface OutboxRow {
  id: string;
  subject: string;
  payload: unknown;
  headers: Record<string, string>;
}

const BATCH = 200;
const LEASE = '30 seconds';
const POLL_MS = 100;
const RETRY_MS = 1_000;

/**
 * Publishes outbox messages to JetStream, at least once. Any number of relays run side by side: each
 * claims its batch with a lease, commits, and only then publishes, so that no transaction is open while
 * the broker is away. A relay that dies leaves its lease to run out; the repeated publish has the same
 * message id, which the broker drops.
 */
export class Relay {
  readonly #database: Database;
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #onPublished: (count: number) => void;
  #stopped = false;
  #running: Promise<void> | undefined;
  #wake: () => void = () => {};
  #awake = false;

  constructor(options: {
    database: Database;
    bus: Bus;
    logger: Logger;
    onPublished?: (count: number) => void;
  }) {
    this.#database = options.database;
    this.#bus = options.bus;
    this.#logger = options.logger;
    this.#onPublished = options.onPublished ?? (() => {});
  }

  start(): void {
    this.#bus.subscribe(this.#bus.subjects.outboxWakeUp, () => this.wake());
    this.#running = this.#run();
  }

  /** Looks now instead of at the next poll. */
  wake(): void {
    this.#awake = true;
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const rows = await this.#claim();
        if (rows.length > 0) await this.#publish(rows);
        if (rows.length < BATCH) await this.#pause(POLL_MS);
      } catch (error) {
        this.#logger.warn({ err: error }, 'relay interrupted');
        await this.#pause(RETRY_MS);
      }
    }
  }

  async #claim(): Promise<OutboxRow[]> {
    this.#awake = false;
    return this.#database.client.$queryRaw<OutboxRow[]>`
      UPDATE outbox SET claim = ${randomUUID()}::uuid, claimed_until = now() + ${LEASE}::interval
      WHERE id IN (
        SELECT id FROM outbox
        WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
        ORDER BY created_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
      RETURNING id, subject, payload, headers`;
  }

  async #publish(rows: OutboxRow[]): Promise<void> {
    const results = await Promise.allSettled(
      rows.map((row) =>
        this.#bus.publish(row.subject, JSON.stringify(row.payload), {
          messageId: row.id,
          headers: row.headers,
        }),
      ),
    );
    const published = rows.flatMap(({ id }, index) => {
      const result = results[index];
      return result?.status === 'fulfilled' ? [{ id, seq: result.value }] : [];
    });
    const failed = rows.filter((_, index) => results[index]?.status === 'rejected').map((row) => row.id);
    if (published.length > 0)
      await this.#database.client.$executeRaw`
        UPDATE outbox SET published_at = now(), stream_seq = done.seq
        FROM unnest(${published.map(({ id }) => id)}::uuid[], ${published.map(({ seq }) => seq)}::bigint[])
          AS done (id, seq) WHERE outbox.id = done.id`;
    this.#onPublished(published.length);
    if (failed.length > 0) await this.#release(failed, results);
  }

  async #release(ids: string[], results: PromiseSettledResult<unknown>[]): Promise<void> {
    const reason = results.find((result) => result.status === 'rejected')?.reason;
    this.#logger.warn({ err: reason, count: ids.length }, 'not published, will be tried again');
    await this.#database.client.$executeRaw`
      UPDATE outbox SET claimed_until = now() WHERE id = ANY(${ids}::uuid[])`;
    // A broker that lost its files has no streams any more.
    await this.#bus.ensureStreams();
    await this.#pause(RETRY_MS);
  }

  #pause(ms: number): Promise<void> {
    if (this.#awake || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
