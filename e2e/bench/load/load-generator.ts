import { ChildChannel } from './child-channel.ts';
import type { LoadOrder, LoadReport, LoadResult } from './load-messages.ts';

// Time that the child needs beyond its own limit to report it.
const GRACE_SECONDS = 10;

/** Makes uploads in a separate process. */
export class LoadGenerator {
  readonly #channel = new ChildChannel<LoadOrder, LoadReport>(new URL('./load-process.ts', import.meta.url));

  /** @throws when an upload is answered wrongly, or the order's limit passes first */
  async run(order: LoadOrder): Promise<LoadResult> {
    const report = await this.#channel.ask(order, order.limit_seconds + GRACE_SECONDS);
    if (report.type === 'failed') throw new Error(report.message);
    return report.result;
  }

  stop(): Promise<void> {
    return this.#channel.stop();
  }
}
