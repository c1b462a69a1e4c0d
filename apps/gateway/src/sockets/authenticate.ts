import { PROBLEMS } from '@claimcheck/contracts/errors';
import { TokenError, type TokenVerifier } from '@claimcheck/platform/token-verifier';
import { z } from 'zod';
import type { GatewayMetrics } from '../metrics.ts';
import type { Connection, GatewaySocket } from './types.ts';

const authSchema = z.object({ token: z.string().min(1) });

type ConnectErrorCode = 'unauthorized' | 'token_expired' | 'invalid_request';

/** A client gets it as `connect_error`, with `data` from the problem table. */
class ConnectError extends Error {
  readonly data: { code: ConnectErrorCode; message: string };

  constructor(code: ConnectErrorCode) {
    super(PROBLEMS[code].title);
    this.data = { code, message: PROBLEMS[code].title };
  }
}

type Next = (error?: Error) => void;

/** Socket.IO middleware: nobody is connected without a valid `auth.token`, and once per connection. */
export const createAuthentication = (verify: TokenVerifier, metrics: GatewayMetrics) => {
  const taken = new WeakSet<Connection>();

  const authenticate = async (socket: GatewaySocket): Promise<void> => {
    const auth = authSchema.safeParse(socket.handshake.auth);
    if (!auth.success) throw new TokenError('unauthorized', 'auth.token is missing');
    socket.data.identity = await verify(auth.data.token);
  };

  return (socket: GatewaySocket, next: Next): void => {
    const connection = socket.conn;
    // A second CONNECT while the first is being checked would make two sockets of one connection.
    if (taken.has(connection)) {
      next(new ConnectError('invalid_request'));
      return;
    }
    taken.add(connection);
    authenticate(socket).then(
      () => next(),
      (error: unknown) => {
        taken.delete(connection);
        const code = error instanceof TokenError ? error.code : 'unauthorized';
        metrics.refuse(code);
        next(new ConnectError(code));
      },
    );
  };
};
