/** The sink's record of received objects: sizes, and the bytes of tails, which a server reads back. */
export interface SinkObject {
  size_bytes: number;
  etag: string;
  bytes: Buffer | undefined;
}

export class SinkObjects {
  readonly #objects = new Map<string, SinkObject>();
  /** Multipart upload id → part number → part. */
  readonly #uploads = new Map<string, Map<number, SinkObject>>();
  #counter = 0;

  /** Objects below a folder `tail` are small, and are read back. */
  keepsBytesOf(key: string): boolean {
    return key.includes('/tail');
  }

  get(key: string): SinkObject | undefined {
    return this.#objects.get(key);
  }

  put(key: string, sizeBytes: number, bytes: Buffer | undefined): string {
    const etag = this.#nextEtag();
    this.#objects.set(key, { size_bytes: sizeBytes, etag, bytes });
    return etag;
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  below(prefix: string): [key: string, object: SinkObject][] {
    return [...this.#objects].filter(([key]) => key.startsWith(prefix));
  }

  openUpload(): string {
    const uploadId = `upload-${++this.#counter}`;
    this.#uploads.set(uploadId, new Map());
    return uploadId;
  }

  /** Undefined when the upload does not exist. */
  parts(uploadId: string): Map<number, SinkObject> | undefined {
    return this.#uploads.get(uploadId);
  }

  putPart(uploadId: string, number: number, sizeBytes: number): string | undefined {
    const etag = this.#nextEtag();
    const parts = this.#uploads.get(uploadId);
    parts?.set(number, { size_bytes: sizeBytes, etag, bytes: undefined });
    return parts === undefined ? undefined : etag;
  }

  complete(uploadId: string, key: string): string | undefined {
    const parts = this.#uploads.get(uploadId);
    if (parts === undefined) return undefined;
    this.#uploads.delete(uploadId);
    const size = [...parts.values()].reduce((sum, part) => sum + part.size_bytes, 0);
    return this.put(key, size, undefined);
  }

  abort(uploadId: string): void {
    this.#uploads.delete(uploadId);
  }

  #nextEtag(): string {
    return `"sink-${++this.#counter}"`;
  }
}
