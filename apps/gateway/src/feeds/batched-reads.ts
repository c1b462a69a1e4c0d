import type { Semaphore } from '@claimcheck/platform/process/semaphore';

/** Questions of one statement: its answers are in memory at once. */
const MOST_TOGETHER = 32;

interface Asked<Question, Answer> {
  question: Question;
  answer: Promise<Answer>;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

export interface BatchedReadsOptions<Question, Answer> {
  /** Questions with the same key share an answer. */
  keyOf: (question: Question) => string;
  /** @returns one answer for each question, in the same order */
  read: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** Limits statements at a time; others may share it. */
  limit: Semaphore;
  /** Called for each question that another one's answer served. */
  onShared?: () => void;
}

/**
 * Answers questions that arrive together with one statement, and equal ones with one answer. A statement takes only questions
 * asked before it starts, so an answer is never older than its question.
 */
export class BatchedReads<Question, Answer> {
  readonly #options: BatchedReadsOptions<Question, Answer>;
  readonly #waiting = new Map<string, Asked<Question, Answer>>();
  #isStarting = false;

  constructor(options: BatchedReadsOptions<Question, Answer>) {
    this.#options = options;
  }

  /** @throws when the database does not answer */
  ask(question: Question): Promise<Answer> {
    const key = this.#options.keyOf(question);
    const equal = this.#waiting.get(key);
    if (equal !== undefined) {
      this.#options.onShared?.();
      return equal.answer;
    }
    const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.set(key, { question, answer, resolve, reject });
    this.#start();
    return answer;
  }

  #start(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    // After this turn of the event loop: it may bring requests of many sockets.
    setImmediate(() => void this.#options.limit.run(() => this.#run()));
  }

  async #run(): Promise<void> {
    this.#isStarting = false;
    const asked = [...this.#waiting].slice(0, MOST_TOGETHER);
    for (const [key] of asked) this.#waiting.delete(key);
    if (this.#waiting.size > 0) this.#start();
    try {
      const answers = await this.#options.read(asked.map(([, { question }]) => question));
      for (const [index, [, { resolve }]] of asked.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      for (const [, { reject }] of asked) reject(error);
    }
  }
}
