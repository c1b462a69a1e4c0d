import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Seeded } from './seeded.ts';

interface State {
  isOpen: boolean;
  targets: readonly string[];
}

/** A TCP load balancer like those in front of gateways: in turn, without stickiness, skipping those that refuse. */
export class Balancer {
  readonly url: string;
  readonly #server: Server;
  readonly #clients: Set<Socket>;
  readonly #state: State;

  private constructor(server: Server, port: number, clients: Set<Socket>, state: State) {
    this.#server = server;
    this.#clients = clients;
    this.#state = state;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(targets: readonly string[]): Promise<Balancer> {
    const clients = new Set<Socket>();
    const state: State = { isOpen: true, targets };
    let turn = 0;
    const server = createServer((client) => {
      client.on('error', () => {});
      if (!state.isOpen) return void client.destroy();
      clients.add(client);
      client.on('close', () => clients.delete(client));
      turn += 1;
      const first = turn % Math.max(1, state.targets.length);
      forward(client, [...state.targets.slice(first), ...state.targets.slice(0, first)]);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the balancer has no port');
    return new Balancer(server, address.port, clients, state);
  }

  /** Sends new connections to these; open ones stay. */
  pointAt(targets: readonly string[]): void {
    this.#state.targets = targets;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Cuts some connections, chosen by `random`. */
  cutSome(count: number, random: Seeded): void {
    const clients = [...this.#clients];
    for (let cut = 0; cut < count && clients.length > 0; cut += 1)
      clients.splice(random.int(0, clients.length - 1), 1)[0]?.destroy();
  }

  /** Cuts all connections and accepts none. */
  shut(): void {
    this.#state.isOpen = false;
    for (const client of this.#clients) client.destroy();
  }

  open(): void {
    this.#state.isOpen = true;
  }

  async stop(): Promise<void> {
    this.shut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const forward = (client: Socket, [target, ...others]: readonly string[]): void => {
  if (target === undefined) {
    client.destroy();
    return;
  }
  const { hostname, port } = new URL(target);
  const upstream = connect(Number(port), hostname);
  let isConnected = false;
  upstream.on('connect', () => {
    isConnected = true;
    client.pipe(upstream).pipe(client);
  });
  upstream.on('error', () => {
    if (!isConnected && !client.destroyed) forward(client, others);
  });
  upstream.on('close', (hasFailed) => {
    if (!isConnected) return;
    // A server that ended in order may have sent an answer that is still in transit here.
    if (hasFailed) client.destroy();
    else client.end();
  });
  client.on('close', () => upstream.destroy());
};
