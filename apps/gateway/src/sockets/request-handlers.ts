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

/** The caller of a request. */
export interface Caller {
  session: Session;
  /** Shared by all sockets of the user. */
  requests: TokenBucket;
}

type Answer = (result: object) => void;

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

/** Validates the first argument of a request, and answers it. */
type Handler = (session: Session, input: unknown) => Promise<object> | object;

const checked =
  <Schema extends z.ZodType>(
    schema: Schema,
    handle: (session: Session, input: z.output<Schema>) => Promise<object> | object,
  ): Handler =>
  (session, input) => {
    const parsed = schema.safeParse(input);
    return parsed.success ? handle(session, parsed.data) : failure('invalid_request', sentence(parsed.error));
  };

const isRequest = <Handlers extends object>(
  handlers: Handlers,
  name: string,
): name is keyof Handlers & string => Object.hasOwn(handlers, name);

/** Answers the requests of all clients. Any request gets an answer if the client asked for one. */
export class RequestHandlers {
  readonly #metrics: GatewayMetrics;
  readonly #logger: Logger;
  readonly #handlers: Readonly<Record<keyof ClientToServerEvents, Handler>>;

  constructor(metrics: GatewayMetrics, logger: Logger) {
    this.#metrics = metrics;
    this.#logger = logger;
    this.#handlers = {
      subscribe: checked(subscribeSchema, async ({ subscriptions }, { conversation_id, since_seq }) => {
        const answer = await subscriptions.subscribe(conversation_id, since_seq);
        if ('error' in answer && answer.error.code === 'not_found') metrics.refuse('not_found');
        return answer;
      }),
      'subscribe:all': checked(subscribeAllSchema, ({ subscriptions }, { since, after }) =>
        subscriptions.subscribeAll(since, after),
      ),
      unsubscribe: checked(unsubscribeSchema, ({ subscriptions }, { conversation_id }) => {
        subscriptions.unsubscribe(conversation_id);
        return { ok: true };
      }),
      'auth:refresh': checked(authRefreshSchema, (session, { token }) => session.refresh(token)),
    };
  }

  handle(caller: Caller, name: string, args: unknown[]): void {
    void this.#run(caller, name, args[0])
      .catch((error: unknown) => this.#toFailure(caller, error))
      .then(answerOf(args));
  }

  async #run({ session, requests }: Caller, name: string, input: unknown): Promise<object> {
    if (!isRequest(this.#handlers, name)) return failure('invalid_request', 'There is no such request.');
    if (requests.take()) return this.#handlers[name](session, input);
    this.#metrics.drop('rate_limited');
    return failure('rate_limited');
  }

  #toFailure({ session }: Caller, error: unknown): SocketError {
    if (error instanceof TokenError) {
      this.#metrics.refuse(error.reason);
      return failure(error.code);
    }
    this.#logger.error({ err: error, user_id: session.userId }, 'a request failed');
    return failure('unavailable');
  }
}
