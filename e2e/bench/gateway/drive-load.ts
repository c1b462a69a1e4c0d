import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from '../measure/process-usage.ts';
import type { SocketClients } from './clients/socket-clients.ts';
import type { Scene } from './scenes.ts';
import type { RealtimeServer } from './servers/realtime-server.ts';

const WARM_UP_SECONDS = 1;

/** Sends events to all rooms in turn, a batch at a time. */
class Publisher {
  readonly #server: RealtimeServer;
  readonly #scene: Scene;
  #next = 0;

  constructor(server: RealtimeServer, scene: Scene) {
    this.#server = server;
    this.#scene = scene;
  }

  /** @returns how many deliveries it makes */
  async publish(): Promise<number> {
    const { memberships, batch } = this.#scene;
    const chosen = Array.from(
      { length: batch },
      (_, index) => memberships[(this.#next + index) % memberships.length],
    );
    this.#next += batch;
    const rooms = chosen.flatMap((membership) => membership?.room ?? []);
    await this.#server.publish(rooms);
    return chosen.reduce((sum, membership) => sum + (membership?.user_ids.length ?? 0), 0);
  }
}

/** Waits until every event has arrived. @throws when fewer arrive, or more */
const expectAll = async (clients: SocketClients, wanted: number): Promise<void> => {
  while (clients.received < wanted) await clients.progress();
  const { received } = await clients.report();
  if (received !== wanted) throw new Error(`${received} events arrived instead of ${wanted}`);
};

export interface Rate {
  deliveries_per_second: number;
  /** Processor time of the server only: database, broker and clients share its machine. */
  cpu_us_per_delivery: number;
}

/** Measures deliveries a second with some batches always in flight, so that the server is never idle. */
export const measureRate = async (
  server: RealtimeServer,
  clients: SocketClients,
  scene: Scene,
  forSeconds: number,
): Promise<Rate> => {
  const publisher = new Publisher(server, scene);
  let wanted = clients.received;
  let largest = 0;
  const run = async (runSeconds: number): Promise<void> => {
    const end = performance.now() + runSeconds * 1_000;
    while (performance.now() < end) {
      while (wanted - clients.received > (scene.window - 1) * largest) await clients.progress();
      const deliveries = await publisher.publish();
      largest = Math.max(largest, deliveries);
      wanted += deliveries;
    }
  };
  await run(WARM_UP_SECONDS);
  const before = { received: clients.received, at: performance.now(), cpu: await cpuSeconds(server.pid) };
  await run(forSeconds);
  const deliveries = clients.received - before.received;
  const seconds = (performance.now() - before.at) / 1_000;
  const cpu = (await cpuSeconds(server.pid)) - before.cpu;
  await expectAll(clients, wanted);
  return { deliveries_per_second: deliveries / seconds, cpu_us_per_delivery: (cpu * 1e6) / deliveries };
};

/** Measures milliseconds from commit to client at a steady pace. */
export const measureLatency = async (
  server: RealtimeServer,
  clients: SocketClients,
  scene: Scene,
  seconds: number,
): Promise<{ p50: number; p99: number }> => {
  const publisher = new Publisher(server, scene);
  await clients.resetLatency();
  let wanted = clients.received;
  const began = performance.now();
  for (let turn = 0; turn < seconds * scene.batches_per_second; turn += 1) {
    wanted += await publisher.publish();
    await pause(Math.max(0, began + ((turn + 1) * 1_000) / scene.batches_per_second - performance.now()));
  }
  await expectAll(clients, wanted);
  return (await clients.report()).latency_ms;
};
