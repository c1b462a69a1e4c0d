import { ChildChannel } from '../load/child-channel.ts';
import type { BenchServer } from '../servers/bench-server.ts';
import type { SlowQuestion, SlowReport } from './slow-messages.ts';

const DECLARED_BYTES = 10 * 1_024 * 1_024;
const BYTES_PER_SECOND = 1_024;
const COUNT_WITHIN_SECONDS = 10;

/** Clients with slow connections, in a separate process. */
export class SlowClients {
  readonly #channel = new ChildChannel<SlowQuestion, SlowReport>(
    new URL('./slow-process.ts', import.meta.url),
  );

  /**
   * Connects as many as it can within the limit; from then on each sends 1 KiB a second.
   * @returns how many are connected; @throws when the server refuses or ends one of them
   */
  async connect(server: BenchServer, clients: number, limitSeconds: number): Promise<number> {
    const { endpoint, tokens } = server;
    const question: SlowQuestion = {
      type: 'connect',
      endpoint,
      tokens,
      clients,
      declared_bytes: DECLARED_BYTES,
      bytes_per_second: BYTES_PER_SECOND,
      limit_seconds: limitSeconds,
    };
    return expectConnected(await this.#channel.ask(question, 2 * limitSeconds + COUNT_WITHIN_SECONDS));
  }

  /** How many are connected. @throws when the server has ended one of them */
  async count(): Promise<number> {
    return expectConnected(await this.#channel.ask({ type: 'count' }, COUNT_WITHIN_SECONDS));
  }

  stop(): Promise<void> {
    return this.#channel.stop();
  }
}

const expectConnected = (report: SlowReport): number => {
  if (report.type === 'failed') throw new Error(report.message);
  return report.clients;
};
