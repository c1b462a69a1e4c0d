import { setTimeout as pause } from 'node:timers/promises';
import type { ManagedService } from '@claimcheck/local-stack/managed-process';

const START_WITHIN_MS = 240_000;
const RETRY_MS = 500;

/** A process under an orchestrator: started again when it ends for any reason. */
export class Supervised {
  readonly name: string;
  /** Its last output if it ended without being killed; must stay empty. */
  readonly crashes: string[] = [];
  readonly #service: ManagedService;
  #isStopping = false;
  #busy: Promise<void> = Promise.resolve();

  constructor(name: string, service: ManagedService) {
    this.name = name;
    this.#service = service;
    this.#watch();
  }

  /** As if its machine had lost power, for `downMs`. Resolves when it is ready again. */
  kill(downMs: number): Promise<void> {
    return this.#alone(async () => {
      this.#isStopping = true;
      this.#service.kill('SIGKILL');
      await this.#service.exited;
      await pause(downMs);
      await this.#startAgain();
    });
  }

  /** As if its machine stood still: connections stay, nothing moves. */
  freeze(ms: number): Promise<void> {
    return this.#alone(async () => {
      this.#service.kill('SIGSTOP');
      await pause(ms);
      this.#service.kill('SIGCONT');
    });
  }

  /** Resolves when it runs and nothing is being done to it. */
  settled(): Promise<void> {
    return this.#busy;
  }

  /** From now on its end is no crash. */
  release(): void {
    this.#isStopping = true;
  }

  #alone(work: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(work);
    return this.#busy;
  }

  #watch(): void {
    this.#isStopping = false;
    void this.#service.exited.then(() => {
      if (this.#isStopping) return;
      this.crashes.push(this.#service.logTail(30));
      void this.#alone(() => this.#startAgain());
    });
  }

  /** Its servers may be down, too: then it ends at its start, and is restarted. */
  async #startAgain(): Promise<void> {
    const deadline = performance.now() + START_WITHIN_MS;
    for (;;) {
      try {
        await this.#service.restart();
        this.#watch();
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await pause(RETRY_MS);
      }
    }
  }
}
