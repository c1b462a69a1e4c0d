import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ProblemError } from '../../problem-error.ts';

/** In the order of `Tus-Checksum-Algorithm`. */
export const CHECKSUM_ALGORITHMS = ['sha1', 'sha256', 'crc32'] as const;
type Algorithm = (typeof CHECKSUM_ALGORITHMS)[number];

const BYTES: Record<Algorithm, number> = { sha1: 20, sha256: 32, crc32: 4 };

/** The checksum in `Upload-Checksum` of one request's body (tus 1.0.0, Checksum). */
export class ExpectedChecksum {
  readonly #expected: Buffer;
  readonly #hash: Hash | undefined;
  #crc = 0;

  private constructor(algorithm: Algorithm, expected: Buffer) {
    this.#expected = expected;
    this.#hash = algorithm === 'crc32' ? undefined : createHash(algorithm);
  }

  /** @throws ProblemError `tus_protocol` for an algorithm that is not offered, or a value of the wrong size */
  static parse(header: string): ExpectedChecksum {
    const [name, value = ''] = header.split(' ');
    const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === name);
    const expected = Buffer.from(value, 'base64');
    if (algorithm === undefined || expected.length !== BYTES[algorithm])
      throw new ProblemError('tus_protocol', {
        field: 'Upload-Checksum',
        detail: `Upload-Checksum must be one of ${CHECKSUM_ALGORITHMS.join(', ')} and its value in base64.`,
      });
    return new ExpectedChecksum(algorithm, expected);
  }

  update(chunk: Buffer): void {
    if (this.#hash === undefined) this.#crc = crc32(chunk, this.#crc);
    else this.#hash.update(chunk);
  }

  /** Call it once, after the last byte. */
  matches(): boolean {
    if (this.#hash !== undefined) return this.#hash.digest().equals(this.#expected);
    return this.#expected.readUInt32BE() === this.#crc;
  }
}
