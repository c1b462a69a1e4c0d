import { type Cipheriv, createCipheriv, createHash, randomBytes } from 'node:crypto';

/** Repeatable random choices: the same seed gives the same numbers and bytes in the same order. */
export class Seeded {
  readonly seed: string;
  readonly #stream: Cipheriv;

  constructor(seed: string) {
    this.seed = seed;
    const key = createHash('sha256').update(seed).digest();
    this.#stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  bytes(count: number): Buffer {
    return this.#stream.update(Buffer.alloc(count));
  }

  /** A whole number, the bounds included. */
  int(from: number, to: number): number {
    const [first, last] = [Math.ceil(from), Math.floor(to)];
    return first + (this.bytes(6).readUIntBE(0, 6) % (last - first + 1));
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.int(0, choices.length - 1)];
    if (choice === undefined) throw new Error('there is nothing to pick from');
    return choice;
  }
}

/** Prints the seed; the environment variable CLAIMCHECK_TEST_SEED repeats a run. */
export const seeded = (what: string): Seeded => {
  const seed = process.env.CLAIMCHECK_TEST_SEED ?? randomBytes(6).toString('hex');
  console.log(`${what}: CLAIMCHECK_TEST_SEED=${seed}`);
  return new Seeded(seed);
};
