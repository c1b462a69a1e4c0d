/**
 * Runs as the README recommends for the gateway, and the yardsticks alike. By default, idle sockets keep about as much garbage
 * from their handshakes as they need themselves, because V8 does not collect it while nothing happens.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];

export type RealtimeServerName = 'ours' | 'bare' | 'redis';

/** A server to which sockets connect, and a way to make it send. */
export interface RealtimeServer {
  name: RealtimeServerName;
  port: number;
  /** Process id of the server with the sockets. */
  pid: number;
  tokenOf(userId: string): string;
  /** Sends one event to each of the rooms; resolves when they are in flight. */
  publish(rooms: readonly string[]): Promise<void>;
  logTail(): string;
  stop(): Promise<void>;
}

/** Creates members by room, before any client connects. */
export interface Membership {
  room: string;
  user_ids: readonly string[];
}

/**
 * A message as members receive it; about 350 bytes. The stamp, milliseconds since 1970, comes last, where the clients search
 * for it.
 */
export const messageOf = (room: string, at: number) => ({
  message_id: '0190a000-0000-7000-8000-000000000001',
  conversation_id: room,
  seq: 1,
  sender_user_id: 'u0',
  message_type: 'text',
  body: 'The quick brown fox jumps over the lazy dog, and the dog does not mind at all.',
  created_at: '2026-01-01T00:00:00.000Z',
  at,
});
