import type {
  ClientToServerEvents,
  ServerToClientEvents,
  SubscribeAnswer,
} from '@claimcheck/contracts/socket-events';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { vi } from 'vitest';

export interface Received {
  name: string;
  payload: { conversation_id?: string; seq?: number; [field: string]: unknown };
}

export interface ConnectFailure {
  message: string;
  data?: { code: string; message: string };
}

/** A real Socket.IO client that records everything it receives, in order. */
export class TestClient {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly received: Received[] = [];
  /** Why the connection ended; undefined while it is open. */
  closed: string | undefined;
  failure: ConnectFailure | undefined;

  constructor(url: string, options: Partial<ManagerOptions & SocketOptions>) {
    this.socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, ...options });
    this.socket.onAny((name: string, payload) => this.received.push({ name, payload }));
    this.socket.on('disconnect', (reason) => {
      this.closed = reason;
    });
    this.socket.on('connect_error', (error: Error & { data?: ConnectFailure['data'] }) => {
      this.failure = { message: error.message, ...(error.data && { data: error.data }) };
    });
  }

  /** @throws when the connection is refused */
  static async connect(url: string, token: string): Promise<TestClient> {
    const client = new TestClient(url, { auth: { token } });
    await vi.waitUntil(() => client.socket.connected || client.failure, { timeout: 10_000 });
    if (client.failure) throw new Error(`refused: ${JSON.stringify(client.failure)}`);
    return client;
  }

  subscribe(conversation_id: string, since_seq?: number): Promise<SubscribeAnswer> {
    const input = since_seq === undefined ? { conversation_id } : { conversation_id, since_seq };
    return this.socket.timeout(10_000).emitWithAck('subscribe', input);
  }

  /** Sends any arguments, typed or not, and returns the answer. */
  request(name: string, ...args: unknown[]): Promise<unknown> {
    const untyped = this.socket as unknown as Socket;
    return untyped.timeout(10_000).emitWithAck(name, ...args);
  }

  seqs(conversationId: string): number[] {
    return this.received.flatMap(({ payload }) =>
      payload?.conversation_id === conversationId && payload.seq !== undefined ? [payload.seq] : [],
    );
  }

  named(name: string): Received['payload'][] {
    return this.received.filter((event) => event.name === name).map((event) => event.payload);
  }

  async untilSeq(conversationId: string, seq: number, timeout = 10_000): Promise<void> {
    await vi.waitUntil(() => (this.seqs(conversationId).at(-1) ?? 0) >= seq, { timeout, interval: 10 });
  }

  async untilNamed(name: string, count = 1, timeout = 10_000): Promise<Received['payload'][]> {
    await vi.waitUntil(() => this.named(name).length >= count, { timeout, interval: 10 });
    return this.named(name);
  }

  async untilClosed(timeout = 10_000): Promise<string> {
    return vi.waitUntil(() => this.closed, { timeout, interval: 10 });
  }

  close(): void {
    this.socket.disconnect();
  }
}

/** Returns 1, 2, 3 … `to`, or starts at `from`. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
