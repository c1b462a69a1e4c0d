/** Numbers of a few bits, the least significant bit first. */
export class BitWriter {
  readonly #bits: number[] = [];

  write(value: number, count: number): this {
    for (let bit = 0; bit < count; bit += 1) this.#bits.push((value >> bit) & 1);
    return this;
  }

  toBuffer(): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.#bits.length / 8));
    for (const [index, bit] of this.#bits.entries()) {
      const at = index >> 3;
      bytes.writeUInt8(bytes.readUInt8(at) | (bit << (index & 7)), at);
    }
    return bytes;
  }
}
