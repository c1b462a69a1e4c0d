import { createHash, createHmac } from 'node:crypto';
import type { S3Access } from '@claimcheck/local-stack/s3-bucket';

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const SIGNED_HEADERS = 'host;x-amz-content-sha256;x-amz-date';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

export interface ToSign {
  method: string;
  host: string;
  /** Encoded. */
  path: string;
  /** Encoded, in alphabetical order, each key with its `=`. */
  query: string;
}

/** AWS Signature Version 4 in headers, payload unsigned: as little work as S3 allows. */
export class RequestSigner {
  readonly #access: S3Access;
  #keyDate = '';
  #key: Buffer = Buffer.alloc(0);

  constructor(access: S3Access) {
    this.#access = access;
  }

  sign({ method, host, path, query }: ToSign): Record<string, string> {
    const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
    const date = time.slice(0, 8);
    const scope = `${date}/${this.#access.region}/s3/aws4_request`;
    const headers = `host:${host}\nx-amz-content-sha256:${UNSIGNED}\nx-amz-date:${time}\n`;
    const canonical = [method, path, query, headers, SIGNED_HEADERS, UNSIGNED].join('\n');
    const digest = createHash('sha256').update(canonical).digest('hex');
    const signature = hmac(this.#keyOf(date), `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`);
    const credential = `Credential=${this.#access.accessKeyId}/${scope}`;
    return {
      host,
      'x-amz-content-sha256': UNSIGNED,
      'x-amz-date': time,
      authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature.toString('hex')}`,
    };
  }

  /** The same for a whole day. */
  #keyOf(date: string): Buffer {
    if (date !== this.#keyDate) {
      const dateKey = hmac(`AWS4${this.#access.secretAccessKey}`, date);
      this.#key = hmac(hmac(hmac(dateKey, this.#access.region), 's3'), 'aws4_request');
      this.#keyDate = date;
    }
    return this.#key;
  }
}
