// A separate process, so that its work does not count as the server's and does not wait for the harness.
import { Agent } from 'node:http';
import type { LoadOrder, LoadReport, LoadResult } from './load-messages.ts';
import { RandomBody } from './random-body.ts';
import { uploadByTus } from './tus-upload.ts';

interface Finished {
  index: number;
  url: string;
  token: string | undefined;
}

const bodies = new RandomBody();

const uploadUntilTimeIsUp = async (
  order: LoadOrder,
  agent: Agent,
  signal: AbortSignal,
): Promise<Finished[]> => {
  const end = performance.now() + order.min_seconds * 1_000;
  const finished: Finished[] = [];
  let next = 0;
  const client = async (number: number): Promise<void> => {
    const token = order.tokens[number % order.tokens.length];
    do {
      const index = next++;
      const body = () => bodies.chunks(index, order.size_bytes);
      finished.push({ index, token, url: await uploadByTus({ ...order, body, token, agent, signal }) });
    } while (performance.now() < end);
  };
  await Promise.all(Array.from({ length: order.clients }, (_, number) => client(number)));
  return finished;
};

const run = async (order: LoadOrder): Promise<LoadResult> => {
  const agent = new Agent({ keepAlive: true, maxSockets: order.clients });
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(order.limit_seconds * 1_000)]);
  try {
    const began = performance.now();
    const finished = await uploadUntilTimeIsUp(order, agent, signal);
    const seconds = (performance.now() - began) / 1_000;
    const last = finished.at(-1);
    if (last === undefined) throw new Error('no upload was made');
    const { index, url, token } = last;
    const sha256 = bodies.sha256(index, order.size_bytes);
    return {
      seconds,
      uploads: finished.length,
      sample: { url, token, size_bytes: order.size_bytes, sha256 },
    };
  } finally {
    // After a failure the other clients are still running.
    stop.abort();
    agent.destroy();
  }
};

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'AbortError' ? 'the uploads did not finish in time' : error.message;
};

const report = (message: LoadReport): void => {
  process.send?.(message);
};

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => report({ type: 'done', result }),
    (error: unknown) => report({ type: 'failed', message: describe(error) }),
  );
});
process.on('disconnect', () => process.exit());
