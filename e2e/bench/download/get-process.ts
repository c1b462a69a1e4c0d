// A separate process, so that its work does not count as a server's. It does not follow redirects.
import http from 'node:http';
import type { GetOrder, GetReport, GetResult } from './get-messages.ts';

const getOnce = (order: GetOrder, agent: http.Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = http.get(order.url, { agent, headers: order.headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === order.status) resolve(bytes);
        else reject(new Error(`${order.url} answered ${response.statusCode}`));
      });
    });
    request.on('error', reject);
  });

const run = async (order: GetOrder): Promise<GetResult> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: order.connections });
  const took: number[] = [];
  let bytes = 0;
  const began = performance.now();
  const end = began + order.seconds * 1_000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now();
      bytes += await getOnce(order, agent);
      took.push(performance.now() - start);
    }
  };
  try {
    await Promise.all(Array.from({ length: order.connections }, client));
  } finally {
    agent.destroy();
  }
  took.sort((a, b) => a - b);
  const at = (part: number) => took[Math.floor((took.length - 1) * part)] ?? 0;
  const seconds = (performance.now() - began) / 1_000;
  return { requests: took.length, bytes, seconds, p50_ms: at(0.5), p99_ms: at(0.99) };
};

const report = (message: GetReport): void => {
  process.send?.(message);
};

process.on('message', (order: GetOrder) => {
  run(order).then(
    (result) => report({ type: 'done', result }),
    (error: unknown) =>
      report({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
