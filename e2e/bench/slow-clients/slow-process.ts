// A separate process: thousands of sockets, each with a few bytes a second.
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { createTusUpload } from '../load/tus-upload.ts';
import { SlowConnection } from './slow-connection.ts';
import type { SlowOrder, SlowQuestion, SlowReport } from './slow-messages.ts';

const CREATE_AT_ONCE = 16;
// The clients take turns within each second, so that their bytes arrive evenly.
const TURNS = 20;

const connections: SlowConnection[] = [];

const dripForEver = (): void => {
  let turn = 0;
  setInterval(() => {
    for (let index = turn; index < connections.length; index += TURNS) connections[index]?.sendDrop();
    turn = (turn + 1) % TURNS;
  }, 1_000 / TURNS);
};

const connectAll = async (order: SlowOrder): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: CREATE_AT_ONCE });
  const end = performance.now() + order.limit_seconds * 1_000;
  // This includes the last of them, whose creation a busy server may answer slowly.
  const signal = AbortSignal.timeout(order.limit_seconds * 2_000);
  const drop = randomBytes(order.bytes_per_second);
  const { endpoint, declared_bytes } = order;
  let next = 0;
  const connectSome = async (): Promise<void> => {
    while (next < order.clients && performance.now() < end) {
      const token = order.tokens[next++ % order.tokens.length];
      const url = await createTusUpload({ endpoint, size_bytes: declared_bytes, token, agent, signal });
      connections.push(await SlowConnection.open({ url, token, declared_bytes, drop }));
    }
  };
  dripForEver();
  await Promise.all(Array.from({ length: CREATE_AT_ONCE }, connectSome));
  agent.destroy();
};

const count = (): SlowReport => {
  const lost = connections.find((connection) => connection.ended !== undefined);
  return lost === undefined
    ? { type: 'connected', clients: connections.length }
    : { type: 'failed', message: `a slow client was answered: ${lost.ended}` };
};

const report = (message: SlowReport): void => {
  process.send?.(message);
};

process.on('message', (question: SlowQuestion) => {
  const done = question.type === 'connect' ? connectAll(question) : Promise.resolve();
  done.then(
    () => report(count()),
    (error: unknown) =>
      report({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
