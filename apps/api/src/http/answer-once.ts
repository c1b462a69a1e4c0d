import type { Prisma, Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../problem-error.ts';

/** Whose request it is: a key means the same only for the same user and route. */
export interface IdempotencyScope {
  user_id: string;
  /** Method and path as the router knows it. */
  route: string;
  key: string;
  /** SHA-256, hexadecimal, of what was asked. */
  request_hash: string;
}

export interface Answer {
  status: number;
  /** JSON, without secrets: it may be kept. */
  body: unknown;
}

/**
 * Does something once per key, however often and at the same time it is asked for: the key, the effect and
 * the answer are committed together, so none of them is there without the others. A refusal keeps nothing:
 * the same request may succeed later.
 *
 * @param work its answer is kept; the same key again gives it, without another effect
 * @throws ProblemError `idempotency_mismatch` when the key was used for something else
 */
export const answerOnce = async (
  tx: Transaction,
  scope: IdempotencyScope,
  work: () => Promise<{ status: number; body: Prisma.InputJsonObject }>,
): Promise<Answer> => {
  const { request_hash, ...names } = scope;
  const where = { user_id_route_key: names };
  // Waits for a transaction that is about to commit the same key.
  const { count } = await tx.db.idempotency_key.createMany({ data: scope, skipDuplicates: true });
  if (count === 0) {
    const kept = await tx.db.idempotency_key.findUniqueOrThrow({ where });
    if (kept.request_hash !== request_hash)
      throw new ProblemError('idempotency_mismatch', { field: 'Idempotency-Key' });
    if (kept.status === null) throw new Error('an idempotency key without its answer');
    return { status: kept.status, body: kept.body };
  }
  const { status, body } = await work();
  const kept = await tx.db.idempotency_key.update({ where, data: { status, body } });
  return { status, body: kept.body };
};
