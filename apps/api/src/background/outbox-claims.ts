import { randomUUID } from 'node:crypto';
import { type Database, type OutboxRow, Prisma } from '@claimcheck/database/database';
import type { DomainConfig } from '../media/record/domain-config.ts';
import { readMedia } from '../media/record/media-row.ts';
import { toMedia } from '../media/record/media-view.ts';
import { CLAIMED_FOR_EVER } from '../media/record/outbox.ts';

export interface ClaimedMessage extends Omit<OutboxRow, 'payload'> {
  /** JSON, exactly as it is published. */
  payload: string;
}

/** A message as a relay claims it: of a stub, only the media object is known yet. */
export type TakenMessage = ClaimedMessage & { fact_of: string | null };

export interface Claim<Message = ClaimedMessage> {
  id: string;
  messages: Message[];
}

export interface Publication {
  id: string;
  /** Its position in the stream. */
  stream_seq: number;
}

/**
 * The outbox as a publisher sees it. Each step is one statement, so no transaction stays open while the process waits for
 * the broker. Messages that a dead process had claimed are free again when its lease ends.
 */
export class OutboxClaims {
  readonly #database: Pick<Database, 'query'>;
  readonly #leaseMs: number;

  constructor(database: Pick<Database, 'query'>, leaseMs: number) {
    this.#database = database;
    this.#leaseMs = leaseMs;
  }

  /**
   * Claims the oldest messages that no other process works on. A stub is claimed for ever, but its process publishes it at
   * once or never.
   */
  async take(limit: number): Promise<Claim<TakenMessage>> {
    const id = randomUUID();
    // ARRAY(…) is evaluated once; as a subquery of IN it may be evaluated per row and claim more than the
    // limit. The payload stays text, because this process publishes it without reading it.
    const messages = await this.#database.query<TakenMessage>(Prisma.sql`
      UPDATE outbox SET claim = ${id}::uuid, claimed_until = now() + ${this.#leaseMs}::int * interval '1 ms'
      WHERE id = ANY(ARRAY(
        SELECT id FROM outbox
        WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < now()
          OR (claimed_until = ${CLAIMED_FOR_EVER} AND created_at < now() - ${this.#leaseMs}::int * interval '1 ms'))
        ORDER BY created_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))
      RETURNING id, subject, payload::text AS payload, headers, payload->>'fact_of' AS fact_of`);
    return { id, messages };
  }

  /**
   * Gives stubs their payloads: the media object as it is now, perhaps with a later revision. A fact about a media object
   * that is gone is dropped.
   */
  async restore(
    { id, messages }: Claim<TakenMessage>,
    { publicUrl }: Pick<DomainConfig, 'publicUrl'>,
  ): Promise<Claim> {
    const restored = messages.map(async ({ fact_of, ...message }): Promise<ClaimedMessage[]> => {
      if (fact_of === null) return [message];
      const row = await readMedia(this.#database, fact_of);
      if (row === undefined) await this.confirm([{ id: message.id, stream_seq: 0 }]);
      return row === undefined
        ? []
        : [{ ...message, payload: JSON.stringify({ media: toMedia(row, publicUrl) }) }];
    });
    return { id, messages: (await Promise.all(restored)).flat() };
  }

  /**
   * Correct even if another process holds the claim by now, because the broker has the messages. Requests to workers stay
   * for a while: their position in the stream tells whether they still wait. All other messages are deleted.
   */
  async confirm(published: readonly Publication[]): Promise<void> {
    const ids = published.map(({ id }) => id);
    const seqs = published.map(({ stream_seq }) => stream_seq);
    await this.#database.query(Prisma.sql`
      WITH confirmed AS (
        SELECT id, stream_seq FROM unnest(${ids}::uuid[], ${seqs}::bigint[]) AS confirmed (id, stream_seq)),
      kept AS (
        UPDATE outbox SET published_at = now(), stream_seq = confirmed.stream_seq
        FROM confirmed
        WHERE outbox.id = ANY(${ids}::uuid[]) AND outbox.id = confirmed.id AND payload->>'mediaId' IS NOT NULL)
      DELETE FROM outbox WHERE id = ANY(${ids}::uuid[]) AND payload->>'mediaId' IS NULL`);
  }

  /**
   * Releases messages for another attempt after a tenth of their age, between 1 and 10 s, unless another process has
   * taken them over. The oldest are claimed first, and messages that the broker never takes must not fill every claim.
   * From now on any relay may publish them, so stubs become payloads.
   */
  async giveBack(claim: string, messages: readonly Pick<ClaimedMessage, 'id' | 'payload'>[]): Promise<void> {
    const ids = messages.map(({ id }) => id);
    const payloads = messages.map(({ payload }) => payload);
    await this.#database.query(Prisma.sql`
      UPDATE outbox
      SET claimed_until = now() + least(interval '10 s', greatest(interval '1 s', (now() - created_at) / 10)),
        payload = CASE WHEN outbox.payload ? 'fact_of' THEN released.payload::jsonb ELSE outbox.payload END
      FROM unnest(${ids}::uuid[], ${payloads}::text[]) AS released (id, payload)
      WHERE outbox.id = released.id AND claim = ${claim}::uuid AND published_at IS NULL`);
  }
}
