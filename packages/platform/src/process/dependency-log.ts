import type { Logger } from './logger.ts';

/** Logs one warning when a server stops answering and one when it answers again. */
export class DependencyLog {
  readonly #logger: Logger;
  readonly #awaySince = new Map<string, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param error why it did not answer; undefined when it did */
  observe(dependency: string, error: unknown): void {
    const since = this.#awaySince.get(dependency);
    if (error !== undefined && since === undefined) {
      this.#awaySince.set(dependency, performance.now());
      this.#logger.warn({ dependency, err: error }, 'dependency is away');
    } else if (error === undefined && since !== undefined) {
      this.#awaySince.delete(dependency);
      const seconds = Math.round((performance.now() - since) / 1_000);
      this.#logger.warn({ dependency, seconds }, 'dependency answers again');
    }
  }
}
