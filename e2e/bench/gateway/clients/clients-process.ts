// A separate process: the work of thousands of sockets must not count as the server's.
import type { ClientOrder, ClientsAnswer, ClientsQuestion } from './client-messages.ts';
import { Histogram } from './histogram.ts';
import { RawClient } from './raw-client.ts';

const PROGRESS_EVERY_MS = 2;

const answer = (message: ClientsAnswer): void => {
  process.send?.(message);
};

const clients: RawClient[] = [];
const latencies = new Histogram();
const readiness = new Histogram();
let received = 0;
let connected = 0;

/** Resolves when the socket is subscribed. */
const open = (port: number, order: ClientOrder): Promise<void> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    let isSubscribed = false;
    const client = new RawClient(
      { port, since_seq: undefined, ...order },
      {
        onEvent: (sentAt) => {
          received += 1;
          latencies.add(Date.now() - sentAt);
        },
        onSubscribed: (text) => {
          if (!text.includes('"ok":true')) return reject(new Error(`subscribe was answered ${text}`));
          isSubscribed = true;
          connected += 1;
          readiness.add(performance.now() - began);
          resolve();
        },
        onClosed: (reason) => {
          if (isSubscribed) answer({ type: 'failed', message: `a client was closed: ${reason}` });
          else reject(new Error(`a client could not connect: ${reason}`));
        },
      },
    );
    clients.push(client);
  });

const connectAll = async (port: number, orders: ClientOrder[], atOnce: number): Promise<void> => {
  readiness.reset();
  let next = 0;
  const connectSome = async () => {
    for (let order = orders[next++]; order !== undefined; order = orders[next++]) await open(port, order);
  };
  await Promise.all(Array.from({ length: atOnce }, connectSome));
};

const report = (): void =>
  answer({
    type: 'report',
    connected,
    received,
    latency_ms: { p50: latencies.percentile(0.5), p99: latencies.percentile(0.99) },
    ready_ms: {
      p50: readiness.percentile(0.5),
      p95: readiness.percentile(0.95),
      max: readiness.percentile(1),
    },
  });

process.on('message', (question: ClientsQuestion) => {
  if (question.type === 'report') return report();
  if (question.type === 'reset') {
    latencies.reset();
    return report();
  }
  return connectAll(question.port, question.clients, question.at_once).then(report, (error: unknown) =>
    answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});

let told = 0;
setInterval(() => {
  if (received === told) return;
  told = received;
  answer({ type: 'progress', received });
}, PROGRESS_EVERY_MS);

process.on('disconnect', () => process.exit());
