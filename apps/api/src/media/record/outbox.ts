import type { Executor, Prisma, Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';

export interface OutboxMessage {
  subject: string;
  payload: object;
}

/** With the trace of what is done now, so that it goes on behind the broker. */
export const toOutboxRows = (on: Executor, messages: readonly OutboxMessage[]) => {
  const headers: Record<string, string> = on.traceparent === undefined ? {} : { traceparent: on.traceparent };
  return messages.map(({ subject, payload }) => ({
    id: uuidv7(),
    subject,
    payload: payload as Prisma.InputJsonObject,
    headers,
  }));
};

/**
 * Commits the intent to publish together with the change that it speaks of. The relay does the rest.
 * @returns the ids of the outbox messages
 */
export const enqueue = async (tx: Transaction, ...messages: OutboxMessage[]): Promise<string[]> => {
  const data = toOutboxRows(tx, messages);
  await tx.db.outbox.createMany({ data });
  tx.facts.push({ fact: 'outbox' });
  return data.map(({ id }) => id);
};
