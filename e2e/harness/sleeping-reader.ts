import { io, type Socket } from 'socket.io-client';

interface Pausable {
  ws: { pause(): void; resume(): void };
}

const isPausable = (transport: object): transport is Pausable => 'ws' in transport;

/** A subscribed client that has stopped reading from the network, as a phone in a tunnel does. */
export class SleepingReader {
  /** When each event of the conversation's log arrived, by `performance.now()`. */
  readonly arrivals: number[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.onAny((_name: string, event: { seq?: number }) => {
      if (event.seq !== undefined) this.arrivals.push(performance.now());
    });
  }

  static async connect(
    url: string,
    options: { token: string; conversationId: string },
  ): Promise<SleepingReader> {
    const socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { token: options.token },
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    const reader = new SleepingReader(socket);
    await socket.emitWithAck('subscribe', { conversation_id: options.conversationId });
    reader.#webSocket.pause();
    return reader;
  }

  wake(): void {
    this.#webSocket.resume();
  }

  close(): void {
    this.#socket.disconnect();
  }

  get #webSocket(): Pausable['ws'] {
    const { transport } = this.#socket.io.engine;
    if (!isPausable(transport)) throw new Error('the connection has no WebSocket');
    return transport.ws;
  }
}
