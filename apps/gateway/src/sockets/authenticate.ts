import { PROBLEMS } from '@claimcheck/contracts/errors';
import { KeysUnavailableError } from '@claimcheck/platform/auth/key-set';
import { TokenError, type TokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import { z } from 'zod';
import type { GatewayMetrics } from '../metrics.ts';
import type { ConnectionCounts } from './connection-counts.ts';
import type { Connection, GatewaySocket } from './types.ts';

const authSchema = z.object({ token: z.string().min(1) });

type ConnectErrorCode = 'unauthorized' | 'token_expired' | 'invalid_request' | 'rate_limited' | 'unavailable';

/** Clients receive it as `connect_error`, with `data` from the problem table. */
class ConnectError extends Error {
  readonly data: { code: ConnectErrorCode; message: string };

  constructor(code: ConnectErrorCode, message: string = PROBLEMS[code].title) {
    super(message);
    this.data = { code, message };
  }
}

type Next = (error?: Error) => void;

export interface AuthenticationDependencies {
  verify: TokenVerifier;
  /** Authenticated connections, by user. */
  connectionsOfUsers: ConnectionCounts;
  metrics: GatewayMetrics;
  /** Called when a token was refused. Operators get the reason, clients do not. */
  onRefused: (error: TokenError) => void;
}

/** Socket.IO middleware: refuses a connection without a valid `auth.token`, and accepts one socket per connection. */
export const createAuthentication = ({
  verify,
  connectionsOfUsers,
  metrics,
  onRefused,
}: AuthenticationDependencies) => {
  const taken = new WeakSet<Connection>();

  const authenticate = async (socket: GatewaySocket): Promise<void> => {
    const auth = authSchema.safeParse(socket.handshake.auth);
    if (!auth.success) throw new TokenError('missing', 'auth.token is missing');
    const identity = await verify(auth.data.token);
    if (connectionsOfUsers.isFull(identity.user_id)) {
      metrics.drop('too_many_connections');
      throw new ConnectError('rate_limited', 'You have as many connections as are accepted.');
    }
    socket.data.identity = identity;
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
        if (error instanceof ConnectError) {
          next(error);
          return;
        }
        if (error instanceof KeysUnavailableError) {
          next(new ConnectError('unavailable'));
          return;
        }
        const refusal =
          error instanceof TokenError ? error : new TokenError('malformed', 'auth is not valid');
        metrics.refuse(refusal.reason);
        onRefused(refusal);
        next(new ConnectError(refusal.code));
      },
    );
  };
};
