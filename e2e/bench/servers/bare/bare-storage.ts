import http from 'node:http';
import type { S3Access } from '@claimcheck/local-stack/s3-bucket';
import { RequestSigner } from './sign-request.ts';

export interface OpenPut {
  /** Accepts exactly the announced bytes. */
  body: http.ClientRequest;
  /** ETag of the stored object; rejects if storing failed. */
  etag: Promise<string>;
}

const readText = async (response: http.IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  if (response.statusCode !== 200) throw new Error(`S3 answered ${response.statusCode}: ${text}`);
  return text;
};

/** Sends the four S3 requests of an upload, on plain node:http. */
export class BareStorage {
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #endpoint: URL;
  readonly #bucket: string;
  readonly #signer: RequestSigner;

  constructor(access: S3Access) {
    this.#endpoint = new URL(access.endpoint);
    this.#bucket = access.bucket;
    this.#signer = new RequestSigner(access);
  }

  /** PutObject, or UploadPart with a query that names the part. */
  put(key: string, sizeBytes: number, query = ''): OpenPut {
    const body = this.#request('PUT', key, query, sizeBytes);
    const etag = this.#answer(body).then(async (response) => {
      await readText(response);
      return response.headers.etag ?? '';
    });
    // The awaiting request reports a failure; until then it must not count as unhandled.
    etag.catch(() => undefined);
    return { body, etag };
  }

  async createMultipart(key: string): Promise<string> {
    const request = this.#request('POST', key, 'uploads=', 0).end();
    const text = await readText(await this.#answer(request));
    return /<UploadId>([^<]+)</.exec(text)?.[1] ?? '';
  }

  async completeMultipart(key: string, uploadId: string, etags: readonly string[]): Promise<void> {
    const parts = etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
    );
    const xml = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
    const query = `uploadId=${encodeURIComponent(uploadId)}`;
    const request = this.#request('POST', key, query, Buffer.byteLength(xml)).end(xml);
    const text = await readText(await this.#answer(request));
    // A failed Complete may come with status 200.
    if (!text.includes('CompleteMultipartUploadResult')) throw new Error(`not completed: ${text}`);
  }

  #request(method: string, key: string, query: string, sizeBytes: number): http.ClientRequest {
    const { host, hostname, port } = this.#endpoint;
    const path = `/${this.#bucket}/${key}`;
    return http.request({
      hostname,
      port,
      method,
      path: query === '' ? path : `${path}?${query}`,
      headers: { ...this.#signer.sign({ method, host, path, query }), 'content-length': sizeBytes },
      agent: this.#agent,
    });
  }

  #answer(request: http.ClientRequest): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
    });
  }
}
