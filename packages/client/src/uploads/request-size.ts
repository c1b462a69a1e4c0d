import { NODE_CHUNK_BYTES } from './blob-reader.ts';

const MIB = 1024 ** 2;
/** A proxy that accepts no more is none that uploads can pass. */
const SMALLEST = 64 * 1024;
/** Tried first when a request without a limit was too large: below the limits of common proxies. */
const FIRST_GUESS = 32 * MIB;

/**
 * How many bytes one request may carry. The installation says so where it knows its proxies; otherwise a proxy that
 * refuses a request as too large halves it, for all uploads that follow.
 */
export class RequestSize {
  readonly #announced: () => Promise<number | undefined>;
  #known: Promise<void> | undefined;
  #bytes = 'XMLHttpRequest' in globalThis ? Number.POSITIVE_INFINITY : NODE_CHUNK_BYTES;

  /** @param announced `max_request_bytes` of the installation */
  constructor(announced: () => Promise<number | undefined>) {
    this.#announced = announced;
  }

  async get(): Promise<number> {
    this.#known ??= this.#announced().then(
      (bytes) => this.#limitTo(bytes ?? Number.POSITIVE_INFINITY),
      () => {},
    );
    await this.#known;
    return this.#bytes;
  }

  /**
   * A request of a file with `fileBytes` was too large.
   *
   * @returns false when requests cannot become smaller
   */
  shrink(fileBytes: number): boolean {
    const sent = Math.min(this.#bytes, fileBytes);
    if (sent <= SMALLEST) return false;
    this.#limitTo(Math.min(sent / 2, FIRST_GUESS));
    return true;
  }

  #limitTo(bytes: number): void {
    this.#bytes = Math.min(this.#bytes, Math.max(Math.floor(bytes), SMALLEST));
  }
}
