import type { Logger } from '@claimcheck/platform/process/logger';
import type { SweepRun, SweepTask } from './sweep-task.ts';

export interface SweeperOptions {
  tasks: readonly SweepTask[];
  everyMs: number;
  logger: Logger;
  clock?: () => Date;
  /** Longest time that one task may take in one pass. */
  passMs?: number;
  onDecision?: (duty: string, decision: string) => void;
}

const PASS_MS = 20_000;

/**
 * Cleans up and repeats requests periodically, one task after another. A task that fails does not prevent the others.
 */
export class Sweeper {
  readonly #options: SweeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.runOnce().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), this.#options.everyMs);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Runs every task once. Never throws. */
  async runOnce(): Promise<void> {
    for (const task of this.#options.tasks) {
      if (this.#stopped) return;
      const run = this.#runOf(task);
      await task.run(run).catch((error: unknown) => run.failed(error, {}));
    }
  }

  #runOf({ name: duty }: SweepTask): SweepRun {
    const { logger, clock = () => new Date(), passMs = PASS_MS, onDecision } = this.#options;
    const end = performance.now() + passMs;
    return {
      now: clock(),
      isOver: () => this.#stopped || performance.now() > end,
      decided: (decision, fields) => {
        onDecision?.(duty, decision);
        logger.info({ ...fields, duty: duty, decision }, 'sweeper');
      },
      failed: (error, fields) => {
        onDecision?.(duty, 'error');
        logger.warn({ ...fields, err: error, duty: duty }, 'sweeper interrupted');
      },
    };
  }
}
