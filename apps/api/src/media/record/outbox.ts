import { type Executor, type OutboxRow, Prisma } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';

export interface OutboxMessage {
  subject: string;
  payload: object;
}

/** Adds the current trace, so that it continues after the broker. */
export const toOutboxRows = (on: Executor, messages: readonly OutboxMessage[]): OutboxRow[] => {
  const headers: Record<string, string> = on.traceparent === undefined ? {} : { traceparent: on.traceparent };
  return messages.map(({ subject, payload }) => ({ id: uuidv7(), subject, payload, headers }));
};

/**
 * Builds the statement that writes outbox rows, claimed by this process if it publishes them itself.
 *
 * @param when the name of an expression of the same statement: it writes nothing unless that has a row
 */
export const insertOutbox = (on: Executor, rows: readonly OutboxRow[], when?: Prisma.Sql): Prisma.Sql => {
  const { id, lease_ms } = on.claim ?? { id: null, lease_ms: null };
  return Prisma.sql`
    INSERT INTO outbox (id, subject, payload, headers, claim, claimed_until)
    SELECT new.id, new.subject, new.payload, new.headers, ${id}::uuid,
      now() + ${lease_ms}::int * interval '1 ms'
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS new (id uuid, subject text, payload jsonb, headers jsonb)
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
