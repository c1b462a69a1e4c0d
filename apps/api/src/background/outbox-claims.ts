import { randomUUID } from 'node:crypto';
import { type Database, type OutboxRow, Prisma } from '@claimcheck/database/database';

export interface ClaimedMessage extends Omit<OutboxRow, 'payload'> {
  /** JSON, as it is published. */
  payload: string;
}

export interface Claim {
  id: string;
  messages: ClaimedMessage[];
}

export interface Publication {
  id: string;
  /** Its position in the stream. */
  stream_seq: number;
}

/**
 * The outbox as a publisher sees it. Each step is one statement: no transaction is open between two of them, so
 * none waits for the broker, and what a dead process had claimed is free again when its lease is over.
 */
export class OutboxClaims {
  readonly #database: Pick<Database, 'query'>;
  readonly #leaseMs: number;

  constructor(database: Pick<Database, 'query'>, leaseMs: number) {
    this.#database = database;
    this.#leaseMs = leaseMs;
  }

  /** The oldest messages that no other process works on. */
  async take(limit: number): Promise<Claim> {
    const id = randomUUID();
    // ARRAY(…) is evaluated once; as a subquery of IN it may be evaluated per row and claim more than the
    // limit. The payload stays text: it is passed on, not read.
    const messages = await this.#database.query<ClaimedMessage>(Prisma.sql`
      UPDATE outbox SET claim = ${id}::uuid, claimed_until = now() + ${this.#leaseMs}::int * interval '1 ms'
      WHERE id = ANY(ARRAY(
        SELECT id FROM outbox
        WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
        ORDER BY created_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))
      RETURNING id, subject, payload::text AS payload, headers`);
    return { id, messages };
  }

  /**
   * True even if another process holds the claim by now: the broker has them. Requests to workers stay for a while: their place
   * in the stream tells whether they still wait. Everything else is forgotten.
   */
  async confirm(published: readonly Publication[]): Promise<void> {
    const ids = published.map(({ id }) => id);
    const seqs = published.map(({ stream_seq }) => stream_seq);
    await this.#database.query(Prisma.sql`
      WITH confirmed AS (
        SELECT id, stream_seq FROM unnest(${ids}::uuid[], ${seqs}::bigint[]) AS confirmed (id, stream_seq)),
      kept AS (
        UPDATE outbox SET published_at = now(), stream_seq = confirmed.stream_seq
        FROM confirmed WHERE outbox.id = confirmed.id AND payload->>'mediaId' IS NOT NULL)
      DELETE FROM outbox USING confirmed
      WHERE outbox.id = confirmed.id AND payload->>'mediaId' IS NULL`);
  }

  /**
   * Free for another try after a tenth of their age, between 1 and 10 s, unless another process has taken them
   * over meanwhile: the oldest are claimed first, and what is never taken must not fill every claim.
   */
  async giveBack(claim: string, ids: readonly string[]): Promise<void> {
    await this.#database.query(Prisma.sql`
      UPDATE outbox
      SET claimed_until = now() + least(interval '10 s', greatest(interval '1 s', (now() - created_at) / 10))
      WHERE id = ANY(${[...ids]}::uuid[]) AND claim = ${claim}::uuid AND published_at IS NULL`);
  }
}
