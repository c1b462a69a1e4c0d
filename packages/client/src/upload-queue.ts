import { cancelledError } from './claimcheck-error.ts';

interface Waiting {
  priority: number;
  start: () => void;
}

/** Limits how many callers run at once. The highest priority goes first, then the longest wait. */
export class UploadQueue {
  readonly #waiting: Waiting[] = [];
  #free: number;

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /** Resolves when it is the caller's turn, with a function that releases the slot. Rejects with `cancelled` on abort. */
  acquire(priority: number, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(cancelledError());
        return;
      }
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(cancelledError());
      };
      const waiting: Waiting = {
        priority,
        start: () => {
          signal.removeEventListener('abort', leave);
          resolve(this.#release());
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      const behind = this.#waiting.findIndex((other) => other.priority < priority);
      this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, waiting);
      this.#next();
    });
  }

  #next(): void {
    if (this.#free === 0) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    this.#free -= 1;
    waiting.start();
  }

  #release(): () => void {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#free += 1;
      this.#next();
    };
  }
}
