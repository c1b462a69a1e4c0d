import type { IncomingMessage } from 'node:http';
import { SinkObjects } from './sink-objects.ts';
import {
  completedXml,
  deletedXml,
  errorXml,
  keysToDelete,
  objectsXml,
  openedXml,
  partsXml,
} from './sink-xml.ts';

export interface SinkAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

interface Body {
  size_bytes: number;
  bytes: Buffer | undefined;
}

const readBody = async (request: IncomingMessage, keep: boolean): Promise<Body> => {
  const kept: Buffer[] = [];
  let received = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (keep) kept.push(chunk);
  }
  // With a trailing checksum the body is framed; this is the size of the content.
  const decoded = request.headers['x-amz-decoded-content-length'];
  return {
    size_bytes: decoded === undefined ? received : Number(decoded),
    bytes: keep ? Buffer.concat(kept) : undefined,
  };
};

const missing = (code: string): SinkAnswer => ({ status: 404, body: errorXml(code) });
const withEtag = (etag: string): SinkAnswer => ({ status: 200, headers: { etag } });

/** Answers like an S3 server that keeps only the sizes: path-style, without checking signatures. */
export class SinkRequests {
  readonly #objects = new SinkObjects();

  async answer(request: IncomingMessage): Promise<SinkAnswer> {
    const url = new URL(request.url ?? '/', 'http://sink');
    const [, , ...segments] = url.pathname.split('/');
    const key = decodeURIComponent(segments.join('/'));
    const query = url.searchParams;
    if (request.method === 'PUT') return this.#put(request, key, query);
    if (request.method === 'POST') return this.#post(request, key, query);
    await readBody(request, false);
    if (request.method === 'DELETE') return this.#delete(key, query);
    if (request.method === 'HEAD' || request.method === 'GET') return this.#read(request.method, key, query);
    return { status: 405, body: errorXml('MethodNotAllowed') };
  }

  async #put(request: IncomingMessage, key: string, query: URLSearchParams): Promise<SinkAnswer> {
    const uploadId = query.get('uploadId');
    if (request.headers['if-none-match'] === '*' && this.#objects.get(key) !== undefined) {
      await readBody(request, false);
      return { status: 412, body: errorXml('PreconditionFailed') };
    }
    const keep = uploadId === null && this.#objects.keepsBytesOf(key);
    if (keep && request.headers['x-amz-decoded-content-length'] !== undefined)
      return { status: 501, body: errorXml('NotImplemented') };
    const { size_bytes, bytes } = await readBody(request, keep);
    if (uploadId === null) return withEtag(this.#objects.put(key, size_bytes, bytes));
    const etag = this.#objects.putPart(uploadId, Number(query.get('partNumber')), size_bytes);
    return etag === undefined ? missing('NoSuchUpload') : withEtag(etag);
  }

  async #post(request: IncomingMessage, key: string, query: URLSearchParams): Promise<SinkAnswer> {
    const { bytes } = await readBody(request, true);
    if (query.has('uploads')) return { status: 200, body: openedXml(key, this.#objects.openUpload()) };
    if (query.has('delete')) {
      for (const each of keysToDelete(String(bytes))) this.#objects.delete(each);
      return { status: 200, body: deletedXml() };
    }
    const etag = this.#objects.complete(query.get('uploadId') ?? '', key);
    return etag === undefined ? missing('NoSuchUpload') : { status: 200, body: completedXml(key, etag) };
  }

  #delete(key: string, query: URLSearchParams): SinkAnswer {
    const uploadId = query.get('uploadId');
    if (uploadId === null) this.#objects.delete(key);
    else this.#objects.abort(uploadId);
    return { status: 204 };
  }

  #read(method: 'HEAD' | 'GET', key: string, query: URLSearchParams): SinkAnswer {
    if (key === '')
      return {
        status: 200,
        body: method === 'HEAD' ? '' : objectsXml(this.#objects.below(query.get('prefix') ?? '')),
      };
    const uploadId = query.get('uploadId');
    if (uploadId !== null) {
      const parts = this.#objects.parts(uploadId);
      return parts === undefined ? missing('NoSuchUpload') : { status: 200, body: partsXml(uploadId, parts) };
    }
    const object = this.#objects.get(key);
    if (object === undefined || (method === 'GET' && object.bytes === undefined)) return missing('NoSuchKey');
    const headers = { etag: object.etag, 'content-length': String(object.size_bytes) };
    return { status: 200, headers, ...(method === 'GET' && object.bytes ? { body: object.bytes } : {}) };
  }
}
