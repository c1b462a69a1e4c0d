import {
  authRefreshSchema,
  type ClientToServerEvents,
  type SocketError,
  subscribeAllSchema,
  subscribeSchema,
  unsubscribeSchema,
} from '@claimcheck/contracts/socket-events';
import { TokenError } from '@claimcheck/platform/auth/token-verifier';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { z } from 'zod';
import type { GatewayMetrics } from '../metrics.ts';
import { failure } from './answers.ts';
import type { Session } from './session.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { GatewaySocket } from './types.ts';

export interface HandlerDependencies {
  session: Session;
  /** Shared by all sockets of the user. */
  requests: TokenBucket;
  metrics: GatewayMetrics;
  logger: Logger;
}

type Listener = (...args: unknown[]) => void;
type Answer = (result: object) => void;

const REQUESTS: ReadonlySet<string> = new Set<keyof ClientToServerEvents>([
  'subscribe',
  'subscribe:all',
  'unsubscribe',
  'auth:refresh',
]);

// The client may have chosen the field's name, at any length.
const MAX_FIELD_CHARACTERS = 100;

const sentence = (error: z.ZodError): string => {
  const [issue] = error.issues;
  if (issue === undefined) return 'The request is not valid.';
  const field = issue.path.map(String).join('.').slice(0, MAX_FIELD_CHARACTERS);
  return field === '' ? issue.message : `${field}: ${issue.message}`;
};

/** Returns the acknowledgement, if the client asked for one; it is always the last argument. */
const answerOf = (args: unknown[]): Answer => {
  const last = args.at(-1);
  return typeof last === 'function' ? (result) => last(result) : () => {};
};

/** Answers a client's requests. Any request gets an answer if the client asked for one. */
export const attachHandlers = (socket: GatewaySocket, deps: HandlerDependencies): void => {
  const { session, logger, metrics } = deps;

  const toFailure = (error: unknown): SocketError => {
    if (error instanceof TokenError) {
      metrics.refuse(error.reason);
      return failure(error.code);
    }
    logger.error({ err: error, user_id: session.userId }, 'a request failed');
    return failure('unavailable');
  };

  const respond = <Schema extends z.ZodType>(
    schema: Schema,
    handle: (input: z.output<Schema>) => Promise<object> | object,
  ): Listener => {
    const run = async (input: unknown): Promise<object> => {
      if (!deps.requests.take()) {
        metrics.drop('rate_limited');
        return failure('rate_limited');
      }
      const parsed = schema.safeParse(input);
      return parsed.success ? handle(parsed.data) : failure('invalid_request', sentence(parsed.error));
    };
    return (...args) => {
      void run(args[0]).catch(toFailure).then(answerOf(args));
    };
  };

  socket.on(
    'subscribe',
    respond(subscribeSchema, async ({ conversation_id, since_seq }) => {
      const answer = await session.subscriptions.subscribe(conversation_id, since_seq);
      if ('error' in answer && answer.error.code === 'not_found') metrics.refuse('not_found');
      return answer;
    }),
  );
  socket.on(
    'subscribe:all',
    respond(subscribeAllSchema, ({ since, after }) => session.subscriptions.subscribeAll(since, after)),
  );
  socket.on(
    'unsubscribe',
    respond(unsubscribeSchema, ({ conversation_id }) => {
      session.subscriptions.unsubscribe(conversation_id);
      return { ok: true };
    }),
  );
  socket.on(
    'auth:refresh',
    respond(authRefreshSchema, ({ token }) => session.refresh(token)),
  );
  socket.onAny((name: string, ...args: unknown[]) => {
    if (!REQUESTS.has(name)) answerOf(args)(failure('invalid_request', 'There is no such request.'));
  });
};
