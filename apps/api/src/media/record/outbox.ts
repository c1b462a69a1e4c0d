import type { Media } from '@claimcheck/contracts/media';
import { type Executor, type OutboxRow, Prisma } from '@claimcheck/database/database';
import { newId } from './new-id.ts';

/** What restores the payload of a fact: the media object itself. */
interface OutboxStub {
  fact_of: string;
  rev: number;
}

/** The end of a stub's claim: relays of the release before stubs leave it alone. */
export const CLAIMED_FOR_EVER = Prisma.sql`timestamptz '9999-12-31Z'`;

export interface OutboxMessage {
  subject: string;
  payload: object;
}

/** Facts are the only messages that consist of a media object. */
const isFact = (payload: object): payload is { media: Media } => 'media' in payload;

const toStub = ({ media }: { media: Media }): OutboxStub => ({
  fact_of: media.media_object_id,
  rev: media.rev,
});

/** Adds the current trace, so that it continues after the broker. */
export const toOutboxRows = (on: Executor, messages: readonly OutboxMessage[]): OutboxRow[] => {
  const headers: Record<string, string> = on.traceparent === undefined ? {} : { traceparent: on.traceparent };
  return messages.map(({ subject, payload }) => ({ id: newId(), subject, payload, headers }));
};

/**
 * Builds the statement that writes outbox rows, claimed by this process if it publishes them itself. Then it has its facts
 * in memory, and Postgres has their media objects: a stub is enough for a relay that takes over.
 *
 * @param when the name of an expression of the same statement: it writes nothing unless that has a row
 */
export const insertOutbox = (on: Executor, rows: readonly OutboxRow[], when?: Prisma.Sql): Prisma.Sql => {
  const { claim } = on;
  const { id, lease_ms } = claim ?? { id: null, lease_ms: null };
  const kept = rows.map((row) =>
    claim !== undefined && isFact(row.payload)
      ? { ...row, payload: toStub(row.payload), is_stub: true }
      : { ...row, is_stub: false },
  );
  return Prisma.sql`
    INSERT INTO outbox (id, subject, payload, headers, claim, claimed_until)
    SELECT new.id, new.subject, new.payload, new.headers, ${id}::uuid,
      CASE WHEN new.is_stub THEN ${CLAIMED_FOR_EVER} ELSE now() + ${lease_ms}::int * interval '1 ms' END
    FROM jsonb_to_recordset(${JSON.stringify(kept)}::jsonb)
      AS new (id uuid, subject text, payload jsonb, headers jsonb, is_stub boolean)
    ${when === undefined ? Prisma.empty : Prisma.sql`WHERE EXISTS (SELECT FROM ${when})`}`;
};

/** Signals, after the commit, that the outbox has new rows. */
export const announceOutbox = (on: Executor, messages: readonly OutboxRow[]): void => {
  if (messages.length > 0) on.facts.push({ fact: 'outbox', messages, claim: on.claim });
};

/**
 * Commits the intent to publish together with the change that it announces. The relay does the rest.
 * @returns the ids of the outbox messages
 */
export const enqueue = async (on: Executor, ...messages: OutboxMessage[]): Promise<string[]> => {
  if (messages.length === 0) return [];
  const rows = toOutboxRows(on, messages);
  await on.query(insertOutbox(on, rows));
  announceOutbox(on, rows);
  return rows.map(({ id }) => id);
};
