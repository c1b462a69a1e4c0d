import { NODE_CHUNK_BYTES } from './blob-reader.ts';

const MIB = 1024 ** 2;
/** Smallest request worth trying: uploads cannot pass a proxy that accepts less. */
const SMALLEST = 64 * 1024;
/** Tried first after an unlimited request was too large: below the limits of common proxies. */
const FIRST_GUESS = 32 * MIB;

/**
 * Knows how many bytes one request may carry. An installation announces the limit of its proxies if it knows it.
 * Otherwise each refusal as too large halves the size, for all later uploads too.
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
   * Reports that a request of a file with `fileBytes` was too large.
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
