import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { isBatchRefused, isMissing } from './s3-errors.ts';

/** What S3 takes in one request. */
const DELETES_AT_ONCE = 1_000;
const SINGLE_DELETES_AT_ONCE = 16;

/** Deletes objects of one bucket: in batches, or one by one where the store has no batches. */
export class ObjectDeleter {
  readonly #client: S3Client;
  readonly #bucket: string;
  #isOneByOne = false;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** True once the store has refused a batch. */
  get isOneByOne(): boolean {
    return this.#isOneByOne;
  }

  /** Missing keys count as deleted. */
  async delete(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += DELETES_AT_ONCE) {
      const batch = keys.slice(start, start + DELETES_AT_ONCE);
      if (!this.#isOneByOne) this.#isOneByOne = !(await this.#deleteBatch(batch));
      if (this.#isOneByOne) await this.#deleteOneByOne(batch);
    }
  }

  /** @returns false when the store has no batches */
  async #deleteBatch(keys: readonly string[]): Promise<boolean> {
    const Objects = keys.map((Key) => ({ Key }));
    try {
      const answer = await this.#client.send(
        new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
      );
      const failure = answer.Errors?.find((error) => error.Code !== 'NoSuchKey');
      if (failure !== undefined) throw new Error(`could not delete ${failure.Key}: ${failure.Code}`);
      return true;
    } catch (error) {
      if (!isBatchRefused(error)) throw error;
      return false;
    }
  }

  async #deleteOneByOne(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += SINGLE_DELETES_AT_ONCE)
      await Promise.all(
        keys.slice(start, start + SINGLE_DELETES_AT_ONCE).map(async (Key) => {
          try {
            await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key }));
          } catch (error) {
            if (!isMissing(error)) throw error;
          }
        }),
      );
  }
}
