import http from 'node:http';
import type { Bucket } from '../harness/bucket.ts';
import { until } from '../harness/until.ts';
import type { Contestant } from './contestant.ts';

export const MIB = 1_024 ** 2;
const METADATA = `filename ${Buffer.from('a.bin').toString('base64')},filetype ${Buffer.from('application/octet-stream').toString('base64')}`;
const OCTETS = { 'content-type': 'application/offset+octet-stream' };

export interface Called {
  status: number;
  /** `Upload-Offset`. */
  offset: number;
  location: string;
}

/** A tus client without logic of its own: each call is one request. */
export class DefectClient {
  readonly #server: Pick<Contestant, 'endpoint' | 'headers' | 'keyOf'>;
  readonly #bucket: Bucket;

  constructor(server: Pick<Contestant, 'endpoint' | 'headers' | 'keyOf'>, bucket: Bucket) {
    this.#server = server;
    this.#bucket = bucket;
  }

  async call(
    method: string,
    url: string,
    headers: Record<string, string>,
    body?: Buffer,
    withinMs = 30_000,
  ): Promise<Called> {
    const response = await fetch(url, {
      method,
      headers: { 'tus-resumable': '1.0.0', ...this.#server.headers, ...headers },
      signal: AbortSignal.timeout(withinMs),
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    await response.arrayBuffer();
    return {
      status: response.status,
      offset: Number(response.headers.get('upload-offset')),
      location: response.headers.get('location') ?? '',
    };
  }

  /** @returns the upload's URL */
  async create(length: number | 'deferred'): Promise<string> {
    const known: Record<string, string> =
      length === 'deferred' ? { 'upload-defer-length': '1' } : { 'upload-length': String(length) };
    const created = await this.call('POST', this.#server.endpoint, { ...known, 'upload-metadata': METADATA });
    return created.location;
  }

  patch(url: string, offset: number, bytes: Buffer, withinMs?: number): Promise<Called> {
    return this.call('PATCH', url, { ...OCTETS, 'upload-offset': String(offset) }, bytes, withinMs);
  }

  head(url: string, withinMs?: number): Promise<Called> {
    return this.call('HEAD', url, {}, undefined, withinMs);
  }

  stored(url: string): Promise<Buffer | undefined> {
    return this.#bucket.read(this.#server.keyOf(url));
  }

  /** A PATCH from 0 that announces `length` bytes, and whose body the caller writes. */
  openPatch(url: string, length: number): http.ClientRequest {
    const request = http.request(url, {
      method: 'PATCH',
      agent: false,
      headers: {
        ...this.#server.headers,
        ...OCTETS,
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        'content-length': String(length),
      },
    });
    request.on('error', () => {}).on('response', (response) => response.resume());
    return request;
  }

  /** Sends a PATCH with `first`, then falls silent. Resolves when the bytes have been sent. */
  async hang(url: string, length: number, first = Buffer.alloc(1)): Promise<http.ClientRequest> {
    const request = this.openPatch(url, length);
    request.write(first);
    await until(() => (request.writableLength === 0 ? true : undefined), {
      withinMs: 10_000,
      what: 'the bytes to leave',
    });
    return request;
  }
}
