import { type Executor, type OutboxRow, Prisma } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';

export interface OutboxMessage {
  subject: string;
  payload: object;
}

/** With the current trace, so that it continues behind the broker. */
export const toOutboxRows = (on: Executor, messages: readonly OutboxMessage[]): OutboxRow[] => {
  const headers: Record<string, string> = on.traceparent === undefined ? {} : { traceparent: on.traceparent };
  return messages.map(({ subject, payload }) => ({ id: uuidv7(), subject, payload, headers }));
};

/**
 * Statement that writes rows of the outbox, claimed by this process where it publishes them itself.
 *
 * @param when a row of this is there: the name of an expression of the same statement
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

/** Tells, after the commit, that rows of the outbox are there. */
export const announceOutbox = (on: Executor, messages: readonly OutboxRow[]): void => {
  if (messages.length > 0) on.facts.push({ fact: 'outbox', messages, claim: on.claim });
};

/**
 * Commits the intent to publish together with the change that it speaks of. The relay does the rest.
 * @returns the ids of the outbox messages
 */
export const enqueue = async (on: Executor, ...messages: OutboxMessage[]): Promise<string[]> => {
  if (messages.length === 0) return [];
  const rows = toOutboxRows(on, messages);
  await on.query(insertOutbox(on, rows));
  announceOutbox(on, rows);
  return rows.map(({ id }) => id);
};
