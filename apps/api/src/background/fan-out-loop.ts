import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '@claimcheck/database/database';
import type { Logger } from '@claimcheck/platform/process/logger';
import { fanOutStep, hasFanOut } from '../media/log/fan-out.ts';
import type { DomainConfig } from '../media/record/domain-config.ts';

interface FanOutLoopOptions {
  database: Database;
  settings: DomainConfig;
  logger: Logger;
  /** @param ms duration of the transaction */
  onTold?: (conversations: number, ms: number) => void;
}

const POLL_MS = 1_000;
const RETRY_MS = 1_000;

/** Writes a change into the logs of many conversations, one bounded transaction after the other. Any number of replicas. */
export class FanOutLoop {
  readonly #options: FanOutLoopOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: FanOutLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waitMs = await this.#step().catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'fan-out interrupted');
        return RETRY_MS;
      });
      if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  /** @returns milliseconds to wait before the next step */
  async #step(): Promise<number> {
    const { database, settings, logger, onTold } = this.#options;
    const start = performance.now();
    // One statement instead of a transaction's three, because there is usually nothing to do.
    if (!(await hasFanOut(database))) return POLL_MS;
    const step = await database.transaction((tx) => fanOutStep(tx, settings));
    if (step === undefined) return POLL_MS;
    const { media_object_id, rev, told, done } = step;
    const ms = performance.now() - start;
    onTold?.(told, ms);
    logger.info({ media_object_id, rev, conversations: told, done, ms }, 'fan-out');
    return 0;
  }
}
