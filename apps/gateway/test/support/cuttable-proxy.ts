import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy whose connections can be cut; it accepts none until it is restored. */
export class CuttableProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: { isCut: boolean };

  private constructor(server: Server, port: number, sockets: Set<Socket>, state: { isCut: boolean }) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
    this.#state = state;
  }

  static async start(target: { host: string; port: number }): Promise<CuttableProxy> {
    const sockets = new Set<Socket>();
    const state = { isCut: false };
    const server = createServer((client) => {
      if (state.isCut) return client.destroy();
      const upstream = connect(target);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from);
        from.on('error', () => {});
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
      return client;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return new CuttableProxy(server, address.port, sockets, state);
  }

  /** Number of open connections on the client's side and the server's together. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  cut(): void {
    this.#state.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#state.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
