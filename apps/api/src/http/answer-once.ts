import { Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../problem-error.ts';

/** Scope of a key: it means the same only for the same user and route. */
export interface IdempotencyScope {
  user_id: string;
  /** Method and path as the router knows them. */
  route: string;
  key: string;
  /** SHA-256 of the request's body, hexadecimal. */
  request_hash: string;
}

export interface Answer {
  status: number;
  /** JSON without secrets, because it is stored. */
  body: unknown;
}

/**
 * Performs an effect once per key, however often and concurrently it is requested. The key, the effect and the answer
 * commit together, so none of them exists without the others. A refusal stores nothing: the same request may succeed
 * later.
 *
 * @param work its answer is stored; the same key returns it without another effect
 * @throws ProblemError `idempotency_mismatch` when the key was used for another request
 */
export const answerOnce = async (
  tx: Transaction,
  scope: IdempotencyScope,
  work: () => Promise<{ status: number; body: object }>,
): Promise<Answer> => {
  const { user_id, route, key, request_hash } = scope;
  const isIt = Prisma.sql`user_id = ${user_id} AND route = ${route} AND key = ${key}`;
  // Waits for a transaction that is about to commit the same key.
  const inserted = await tx.query(Prisma.sql`
    INSERT INTO idempotency_key (user_id, route, key, request_hash)
    VALUES (${user_id}, ${route}, ${key}, ${request_hash}) ON CONFLICT DO NOTHING RETURNING key`);
  if (inserted.length === 0) {
    const [kept] = await tx.query<{ request_hash: string; status: number | null; body: unknown }>(Prisma.sql`
      SELECT request_hash, status, body FROM idempotency_key WHERE ${isIt}`);
    if (kept?.request_hash !== request_hash)
      throw new ProblemError('idempotency_mismatch', { field: 'Idempotency-Key' });
    if (kept.status === null) throw new Error('an idempotency key without its answer');
    return { status: kept.status, body: kept.body };
  }
  const { status, body } = await work();
  const [kept] = await tx.query<{ body: unknown }>(Prisma.sql`
    UPDATE idempotency_key SET status = ${status}, body = ${JSON.stringify(body)}::jsonb WHERE ${isIt} RETURNING body`);
  return { status, body: kept?.body };
};
