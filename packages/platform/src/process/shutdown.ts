import type { Logger } from './logger.ts';
import { within } from './within.ts';

type Step = { name: string; run: () => Promise<void> | void; timeoutMs: number };

/**
 * Ends a process in the reverse order of its start, each step with a time limit, so that a hanging dependency cannot keep it
 * alive beyond the orchestrator's patience.
 */
export class Shutdown {
  readonly #steps: Step[] = [];
  readonly #logger: Logger;
  readonly #stepTimeoutMs: number;
  #running: Promise<void> | undefined;

  constructor(logger: Logger, stepTimeoutMs = 10_000) {
    this.#logger = logger;
    this.#stepTimeoutMs = stepTimeoutMs;
  }

  /** Registers a function that undoes a step of the start. Last registered, first run. */
  add(name: string, run: Step['run'], timeoutMs = this.#stepTimeoutMs): void {
    this.#steps.unshift({ name, run, timeoutMs });
  }

  /** Runs the steps once; a step that fails sets the exit code to 1. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    for (const step of this.#steps) {
      try {
        await within(step.timeoutMs, async () => step.run());
      } catch (error) {
        process.exitCode = 1;
        this.#logger.error({ err: error, step: step.name }, 'a shutdown step failed');
      }
    }
  }
}
