import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3Client } from '@claimcheck/local-stack/s3-bucket';

export interface OpenMultipartUpload {
  key: string;
  uploadId: string;
}

/** Reads the bucket without any fault in between. */
export class Bucket {
  readonly #client: S3Client;
  readonly #name: string;

  constructor(stack: Record<string, string>) {
    const { S3_ENDPOINT = '', S3_REGION = '', S3_BUCKET = '' } = stack;
    this.#name = S3_BUCKET;
    this.#client = s3Client({
      endpoint: S3_ENDPOINT,
      region: S3_REGION,
      bucket: S3_BUCKET,
      accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
    });
  }

  /** Returns a media object's multipart uploads that are neither completed nor aborted. */
  openUploads(mediaId: string): Promise<OpenMultipartUpload[]> {
    return this.openUploadsOfKey(`${mediaId}/source`);
  }

  async openUploadsOfKey(key: string): Promise<OpenMultipartUpload[]> {
    // MinIO lists those of one exact key, and does not support other prefixes.
    const answer = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: this.#name, Prefix: key }),
    );
    return (answer.Uploads ?? []).map(({ Key = '', UploadId = '' }) => ({ key: Key, uploadId: UploadId }));
  }

  /** Keys below a prefix. */
  async keys(prefix: string): Promise<string[]> {
    const answer = await this.#client.send(new ListObjectsV2Command({ Bucket: this.#name, Prefix: prefix }));
    return (answer.Contents ?? []).map(({ Key = '' }) => Key);
  }

  /** Returns a whole object; undefined if it does not exist. */
  async read(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#name, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async put(key: string, bytes: Buffer): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.#name, Key: key, Body: bytes }));
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#name, Key: key }));
  }

  /** Starts another client's multipart upload. */
  async beginMultipart(key: string): Promise<OpenMultipartUpload> {
    const command = new CreateMultipartUploadCommand({ Bucket: this.#name, Key: key });
    const { UploadId = '' } = await this.#client.send(command);
    return { key, uploadId: UploadId };
  }

  async abort({ key, uploadId }: OpenMultipartUpload): Promise<void> {
    await this.#client.send(
      new AbortMultipartUploadCommand({ Bucket: this.#name, Key: key, UploadId: uploadId }),
    );
  }

  close(): void {
    this.#client.destroy();
  }
}
