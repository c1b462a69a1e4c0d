import { residentKib, untilQuiet } from '../measure/process-usage.ts';
import type { ClientOrder } from './clients/client-messages.ts';
import { SocketClients } from './clients/socket-clients.ts';
import { measureLatency, measureRate, type Rate } from './drive-load.ts';
import type { Scene } from './scenes.ts';
import type { RealtimeServer } from './servers/realtime-server.ts';
import type { GatewayUnderTest } from './servers/start-gateway.ts';

const CONNECT_AT_ONCE = 100;

export interface SceneOutcome extends Rate {
  p50_ms: number;
  p99_ms: number;
  /** What a connected, subscribed and idle socket adds to the server's resident memory. */
  kb_per_connection: number;
}

const ordersOf = (server: RealtimeServer, scene: Scene): ClientOrder[] =>
  scene.memberships.flatMap(({ room, user_ids }) =>
    user_ids.map((userId) => ({ token: server.tokenOf(userId), conversation_id: room })),
  );

/** Runs `work` with clients in a separate process. */
const withClients = async <Result>(work: (clients: SocketClients) => Promise<Result>): Promise<Result> => {
  const clients = new SocketClients();
  try {
    return await work(clients);
  } finally {
    await clients.stop();
  }
};

/** Connects the scene's sockets, then measures them idle, at the limit, and at a steady pace. */
export const measureScene = (server: RealtimeServer, scene: Scene, seconds: number): Promise<SceneOutcome> =>
  withClients(async (clients) => {
    const orders = ordersOf(server, scene);
    const before = await residentKib(server.pid);
    await clients.connect(server.port, orders, CONNECT_AT_ONCE);
    await untilQuiet(server.pid);
    const kib = (await residentKib(server.pid)) - before;
    const rate = await measureRate(server, clients, scene, seconds);
    await untilQuiet(server.pid);
    const latency = await measureLatency(server, clients, scene, seconds);
    return {
      ...rate,
      p50_ms: latency.p50,
      p99_ms: latency.p99,
      kb_per_connection: kib / orders.length,
    };
  });

/** Returns all sockets at once, each with `missed` events to catch up with: from connect to answer. */
export const measureCatchUp = async (
  server: GatewayUnderTest,
  scene: Scene,
  options: { sockets: number; missed: number },
): Promise<{ p50: number; p95: number; max: number }> => {
  const orders = ordersOf(server, scene).slice(0, options.sockets);
  const rooms = [...new Set(orders.map(({ conversation_id }) => conversation_id))];
  const since = new Map<string, number>();
  for (const room of rooms) since.set(room, await server.lastSeqOf(room));
  for (let count = 0; count < options.missed; count += 1) await server.publish(rooms);
  return withClients(async (clients) => {
    const late = orders.map((order) => ({ ...order, since_seq: since.get(order.conversation_id) ?? 0 }));
    const report = await clients.connect(server.port, late, options.sockets);
    const wanted = options.sockets * options.missed;
    if (report.received !== wanted)
      throw new Error(`${report.received} events were caught up with instead of ${wanted}`);
    return report.ready_ms;
  });
};
