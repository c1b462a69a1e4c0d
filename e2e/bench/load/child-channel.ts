import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A child process that answers each message with one message. It ends with us. */
export class ChildChannel<Ask, Answer> {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(entry: URL) {
    this.#name = entry.pathname.split('/').at(-1) ?? '';
    this.#child = fork(entry, { execArgv: [] });
  }

  /** Asks one question at a time. @throws when the child ends, or has not answered after `withinSeconds` */
  async ask(question: Ask, withinSeconds: number): Promise<Answer> {
    const done = new AbortController();
    const { signal } = done;
    const ended = once(this.#child, 'exit', { signal }).then(([code]): never => {
      throw new Error(`${this.#name} ended with ${code}`);
    });
    const late = once(AbortSignal.timeout(withinSeconds * 1_000), 'abort', { signal }).then((): never => {
      throw new Error(`${this.#name} did not answer within ${withinSeconds} s`);
    });
    const answer = once(this.#child, 'message', { signal }).then(([message]) => message as Answer);
    try {
      this.#child.send(question as object);
      return await Promise.race([answer, ended, late]);
    } finally {
      done.abort();
      for (const other of [answer, ended, late]) other.catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
