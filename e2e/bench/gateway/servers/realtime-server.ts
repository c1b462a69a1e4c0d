/**
 * As the README says to run the gateway, and the yardsticks alike: with the default, idle sockets keep company
 * with about as much garbage from their handshakes, which V8 leaves alone as long as nothing happens.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];

export type RealtimeServerName = 'ours' | 'bare' | 'redis';

/** Something that sockets connect to, and a way to make it send. */
export interface RealtimeServer {
  name: RealtimeServerName;
  port: number;
  /** Of the process that has the sockets. */
  pid: number;
  tokenOf(userId: string): string;
  /** One event to each of the rooms; resolves when they are on their way. */
  publish(rooms: readonly string[]): Promise<void>;
  logTail(): string;
  stop(): Promise<void>;
}

/** Members by room, before any client connects. */
export interface Membership {
  room: string;
  user_ids: readonly string[];
}

/**
 * A message as members get it; about 350 bytes. The stamp, milliseconds since 1970, comes last: that is where
 * the clients look for it.
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
