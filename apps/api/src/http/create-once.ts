import { createHash } from 'node:crypto';
import { clientKey } from '@claimcheck/contracts/ids';
import type { Database, Executor, Transaction } from '@claimcheck/database/database';
import type { Request, Response } from 'express';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from '../request/authenticate.ts';
import { type Answer, answerOnce } from './answer-once.ts';

const HEADER = 'Idempotency-Key';

/** @throws ProblemError `invalid_request` */
const keyOf = (request: Request): string | undefined => {
  const header = request.get(HEADER);
  if (header === undefined) return undefined;
  const parsed = clientKey.safeParse(header);
  if (!parsed.success)
    throw new ProblemError('invalid_request', {
      field: HEADER,
      detail: `${HEADER} ${parsed.error.issues[0]?.message}`,
    });
  return parsed.data;
};

const hashOf = (request: Request): string =>
  createHash('sha256')
    .update(JSON.stringify([request.path, request.body]))
    .digest('hex');

/** Answers are JSON, which omits undefined fields. */
const toJson = (body: object): object => JSON.parse(JSON.stringify(body));

const AUDITED = ['conversation_id', 'message_id', 'media_object_id', 'member_ids'];

/** Returns the ids in an answer, for the audit line. */
const idsIn = (body: unknown): Record<string, unknown> => {
  const { media, ...rest } = body as { media?: object };
  return Object.fromEntries(Object.entries({ ...media, ...rest }).filter(([name]) => AUDITED.includes(name)));
};

interface Asked {
  request: Request;
  response: Response;
  /** Method and path as the router knows them. */
  route: string;
}

type Work<On> = (on: On) => Promise<{ created: boolean; body: object }>;

const run = async <On>(on: On, work: Work<On>): Promise<{ status: number; body: object }> => {
  const { created, body } = await work(on);
  return { status: created ? 201 : 200, body: toJson(body) };
};

/**
 * Runs what a POST creates in one transaction. With an `Idempotency-Key` it runs once per user, route and key, and the
 * same transaction stores its answer.
 *
 * @param work its body is stored for a day, so it must contain no secrets
 * @throws ProblemError `idempotency_mismatch`
 */
export const createOnce = async (
  database: Database,
  { request, response, route }: Asked,
  work: Work<Transaction>,
): Promise<Answer> => {
  const key = keyOf(request);
  const answer = await database.transaction(async (tx) => {
    if (key === undefined) return run(tx, work);
    const { user_id } = identityOf(response);
    return answerOnce(tx, { user_id, route, key, request_hash: hashOf(request) }, () => run(tx, work));
  });
  response.locals.audited = idsIn(answer.body);
  return answer;
};

/** Does the same for work that is atomic by itself: only an `Idempotency-Key` makes a transaction of it. */
export const createAtomicallyOnce = async (
  database: Database,
  asked: Asked,
  work: Work<Executor>,
): Promise<Answer> => {
  if (keyOf(asked.request) !== undefined) return createOnce(database, asked, work);
  const answer = await database.autocommit((on) => run(on, work));
  asked.response.locals.audited = idsIn(answer.body);
  return answer;
};
