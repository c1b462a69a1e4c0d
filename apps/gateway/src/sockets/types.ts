import type { ClientToServerEvents } from '@claimcheck/contracts/socket-events';
import type { Identity } from '@claimcheck/platform/auth/token-verifier';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { BoundedEvents } from './bounded-event.ts';

/** Set by the authentication, before a socket counts as connected. */
interface SocketData {
  identity: Identity;
}

export type GatewayServer = Server<ClientToServerEvents, BoundedEvents, DefaultEventsMap, SocketData>;
export type GatewaySocket = Socket<ClientToServerEvents, BoundedEvents, DefaultEventsMap, SocketData>;
export type Connection = GatewaySocket['conn'];

/** Socket.IO room of a user's sockets. */
export const roomOfUser = (userId: string): string => `user:${userId}`;

/** Socket.IO room of a conversation's live members; the colon keeps it apart from socket ids. */
export const roomOf = (conversationId: string): string => `conversation:${conversationId}`;
