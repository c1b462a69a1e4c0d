import { PROBLEMS, type ProblemCode } from '@claimcheck/contracts/errors';
import type { SocketError } from '@claimcheck/contracts/socket-events';

/** Returns an error in the form for clients; `message` defaults to the public sentence of the code. */
export const failure = (code: ProblemCode, message: string = PROBLEMS[code].title): SocketError => ({
  error: { code, message },
});
