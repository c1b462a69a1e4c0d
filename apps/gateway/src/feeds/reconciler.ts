import type { Logger } from '@claimcheck/platform/process/logger';

const INTERVAL_MS = 1_000;

/**
 * Searches, every second and on request, for committed events whose announcement never arrived. One search at a time; a
 * request during a search starts another one right after it.
 */
export class Reconciler {
  readonly #reconcile: () => Promise<void>;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #again = false;
  #failing = false;

  constructor(reconcile: () => Promise<void>, logger: Logger) {
    this.#reconcile = reconcile;
    this.#logger = logger;
    this.#timer = setInterval(() => {
      if (this.#running === undefined) this.request();
    }, INTERVAL_MS);
  }

  request(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#again = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        await this.#reconcile();
        if (this.#failing) this.#logger.info('the database answers again');
        this.#failing = false;
      } catch (error) {
        // Once per outage, not once a second.
        if (!this.#failing) this.#logger.warn({ err: error }, 'could not compare with the database');
        this.#failing = true;
      }
    }
  }
}
