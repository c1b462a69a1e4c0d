import type { Prisma, Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';

export interface OutboxMessage {
  subject: string;
  payload: object;
}

export const toOutboxRows = (messages: readonly OutboxMessage[]) =>
  messages.map(({ subject, payload }) => ({
    id: uuidv7(),
    subject,
    payload: payload as Prisma.InputJsonObject,
  }));

/**
 * Commits the intent to publish together with the change that it speaks of. The relay does the rest.
 * @returns the ids of the outbox messages
 */
export const enqueue = async (tx: Transaction, ...messages: OutboxMessage[]): Promise<string[]> => {
  const data = toOutboxRows(messages);
  await tx.db.outbox.createMany({ data });
  tx.facts.push({ fact: 'outbox' });
  return data.map(({ id }) => id);
};
