import { Semaphore } from '../process/semaphore.ts';

/** A slot for one job. The job releases it, however it ends. */
export interface Slot {
  /**
   * Declares this work as large. While the allowed number of large jobs run, it releases its slot to others and waits.
   * @throws the signal's reason when aborted
   */
  becomeLarge(signal: AbortSignal): Promise<void>;
  /**
   * Waits until no other job runs, and stays alone until it is released.
   * @throws the signal's reason when aborted
   */
  becomeAlone(signal: AbortSignal): Promise<void>;
  release(): void;
}

interface Limits {
  total: number;
  /** Number of slots that large work may hold. */
  large: number;
}

/** First come, first served; small work never waits for large work. */
export class Slots {
  /** Jobs that run, and large ones that wait for their turn: not without end. */
  readonly #jobs: Semaphore;
  readonly #places: Semaphore;
  readonly #large: Semaphore;
  readonly #alone = new Semaphore(1);
  readonly #total: number;

  constructor({ total, large }: Limits) {
    this.#jobs = new Semaphore(large < total ? 2 * total : total);
    this.#places = new Semaphore(total);
    this.#large = new Semaphore(large);
    this.#total = total;
  }

  /** @throws the signal's reason when aborted */
  async take(signal: AbortSignal): Promise<Slot> {
    await this.#jobs.acquire(signal);
    try {
      await this.#places.acquire(signal);
    } catch (error) {
      this.#jobs.release();
      throw error;
    }
    return this.#slot();
  }

  /**
   * Takes all free slots, and waits for the first.
   * @throws the signal's reason when aborted
   */
  async takeFree(signal: AbortSignal): Promise<Slot[]> {
    const taken = [await this.take(signal)];
    while (this.#jobs.tryAcquire()) {
      if (!this.#places.tryAcquire()) {
        this.#jobs.release();
        break;
      }
      taken.push(this.#slot());
    }
    return taken;
  }

  /** For a job that holds a place. */
  #slot(): Slot {
    let holdsPlace = true;
    let isLarge = false;
    let places = 0;
    let isAlone = false;
    let isDone = false;
    const endAlone = () => {
      for (; places > 0; places -= 1) this.#places.release();
      if (isAlone) this.#alone.release();
      isAlone = false;
    };
    const giveUpPlace = () => {
      if (holdsPlace) this.#places.release();
      holdsPlace = false;
    };
    return {
      becomeLarge: async (becoming) => {
        if (isLarge) return;
        if (!this.#large.tryAcquire()) {
          giveUpPlace();
          await this.#large.acquire(becoming);
          // The previous large job passed its slot on with the turn: no queueing behind jobs that only wait
          // for work.
          holdsPlace = true;
        }
        isLarge = true;
      },
      becomeAlone: async (becoming) => {
        // Two jobs that wait while each holds a slot would wait for each other.
        giveUpPlace();
        await this.#alone.acquire(becoming);
        isAlone = true;
        for (; places < this.#total; places += 1) await this.#places.acquire(becoming);
      },
      release: () => {
        endAlone();
        if (isLarge && this.#large.release()) holdsPlace = false;
        isLarge = false;
        giveUpPlace();
        if (!isDone) this.#jobs.release();
        isDone = true;
      },
    };
  }
}
