import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ClientOrder, ClientsAnswer, ClientsQuestion, ClientsReport } from './client-messages.ts';

const REPORT_WITHIN_SECONDS = 60;

/** Sockets in a process of their own. */
export class SocketClients {
  readonly #child: ChildProcess;
  #received = 0;
  #failure: string | undefined;
  #onReport: ((report: ClientsReport | undefined) => void) | undefined;
  #onProgress: (() => void) | undefined;

  constructor() {
    this.#child = fork(new URL('./clients-process.ts', import.meta.url), { execArgv: [] });
    this.#child.on('message', (message: ClientsAnswer) => this.#onMessage(message));
    this.#child.on('exit', (code) => this.#fail(`the clients' process ended with ${code}`));
  }

  /** Events received so far, as last reported. */
  get received(): number {
    return this.#received;
  }

  /** Resolves when all are subscribed. @throws when one is refused */
  connect(port: number, clients: ClientOrder[], atOnce: number): Promise<ClientsReport> {
    return this.#ask({ type: 'connect', port, clients, at_once: atOnce });
  }

  report(): Promise<ClientsReport> {
    return this.#ask({ type: 'report' });
  }

  async resetLatency(): Promise<void> {
    await this.#ask({ type: 'reset' });
  }

  /** Resolves when `received` has changed. @throws when a client was lost */
  async progress(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onProgress = resolve;
      if (this.#failure !== undefined) resolve();
    });
    this.#check();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async #ask(question: ClientsQuestion): Promise<ClientsReport> {
    this.#check();
    const timer = setTimeout(() => this.#fail('the clients do not answer'), REPORT_WITHIN_SECONDS * 1_000);
    const report = await new Promise<ClientsReport | undefined>((resolve) => {
      this.#onReport = resolve;
      this.#child.send(question);
    });
    clearTimeout(timer);
    this.#check();
    if (report === undefined) throw new Error('the clients gave no report');
    return report;
  }

  #onMessage(message: ClientsAnswer): void {
    if (message.type === 'failed') {
      this.#fail(message.message);
      return;
    }
    this.#received = message.received;
    this.#onProgress?.();
    if (message.type === 'report') this.#onReport?.(message);
  }

  #fail(message: string): void {
    this.#failure ??= message;
    this.#onReport?.(undefined);
    this.#onProgress?.();
  }

  #check(): void {
    if (this.#failure !== undefined) throw new Error(this.#failure);
  }
}
