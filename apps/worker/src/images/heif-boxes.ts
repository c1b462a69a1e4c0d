/** A box of ISO/IEC 14496-12. */
export interface Box {
  type: string;
  /** Without the box's own header. */
  content: Buffer;
}

const HEADER_BYTES = 8;

/** Returns the boxes that stand one after the other. @throws RangeError for one that is longer than its parent */
export const boxesIn = (bytes: Buffer): Box[] => {
  const boxes: Box[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const short = bytes.readUInt32BE(at);
    const isLong = short === 1;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + HEADER_BYTES)) : short || bytes.length - at;
    const header = isLong ? 2 * HEADER_BYTES : HEADER_BYTES;
    if (length < header || at + length > bytes.length)
      throw new RangeError('a box ends outside of its parent');
    const type = bytes.toString('latin1', at + 4, at + HEADER_BYTES);
    boxes.push({ type, content: bytes.subarray(at + header, at + length) });
    at += length;
  }
  return boxes;
};

/** Reads fields one after the other. Every method throws RangeError at the end. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @param bytes 0 to 8; a field of 0 bytes is 0 */
  uint(bytes: number): number {
    const from = this.#at;
    this.#at += bytes;
    if (bytes === 0) return 0;
    if (bytes === 8) return Number(this.#bytes.readBigUInt64BE(from));
    return this.#bytes.readUIntBE(from, bytes);
  }

  text(bytes: number): string {
    return this.bytes(bytes).toString('latin1');
  }

  bytes(count: number): Buffer {
    const from = this.#at;
    this.#at += count;
    if (count < 0 || this.#at > this.#bytes.length) throw new RangeError('a field ends outside of its box');
    return this.#bytes.subarray(from, this.#at);
  }

  /** The version of a full box; its flags follow. */
  version(): { version: number; flags: number } {
    return { version: this.uint(1), flags: this.uint(3) };
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }
}
