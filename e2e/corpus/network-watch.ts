import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { outgoingPorts } from '../harness/connections.ts';
import { descendantsOf } from '../harness/processes-of.ts';

const LOOK_EVERY_MS = 20;

/** Records where a process and its children connect, and listens where no connection may arrive. */
export class NetworkWatch {
  /** Remote ports of their connections. */
  readonly ports = new Set<number>();
  readonly #canary: Server;
  readonly #pid: () => number;
  #visits = 0;
  #watching = true;
  readonly #done: Promise<void>;

  private constructor(canary: Server, pid: () => number) {
    this.#canary = canary;
    this.#pid = pid;
    canary.on('connection', (socket) => {
      this.#visits += 1;
      socket.destroy();
    });
    this.#done = this.#watch();
  }

  /** @param pid called again and again, because a restarted process has another one */
  static async start(pid: () => number): Promise<NetworkWatch> {
    const canary = createServer().listen(0, '127.0.0.1');
    await once(canary, 'listening');
    return new NetworkWatch(canary, pid);
  }

  /** The address to which hostile files point. */
  get canaryUrl(): string {
    return `http://127.0.0.1:${(this.#canary.address() as AddressInfo).port}`;
  }

  /** Number of connections to the canary. */
  get visits(): number {
    return this.#visits;
  }

  async stop(): Promise<void> {
    this.#watching = false;
    await this.#done;
    this.#canary.close();
    await once(this.#canary, 'close');
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      const pid = this.#pid();
      for (const id of [pid, ...(await descendantsOf(pid))]) {
        // It may have ended in between.
        const seen = await outgoingPorts(id).catch(() => new Set<number>());
        for (const port of seen) this.ports.add(port);
      }
      await pause(LOOK_EVERY_MS);
    }
  }
}
