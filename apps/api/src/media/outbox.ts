import type { Prisma, Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';

/** Commits the intent to publish together with the change that it speaks of. The relay does the rest. */
export const enqueue = async (tx: Transaction, subject: string, payload: object): Promise<void> => {
  await tx.db.outbox.create({
    data: { id: uuidv7(), subject, payload: payload as Prisma.InputJsonObject },
  });
  tx.facts.push({ fact: 'outbox' });
};
