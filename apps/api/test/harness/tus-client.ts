import type { Problem } from '@claimcheck/contracts/errors';
import type { TestApi } from './test-api.ts';

export interface TusAnswer {
  status: number;
  /** The code of a problem. */
  code: string | undefined;
  /** The upload in the answer, if it names one. */
  id: string;
  offset: number;
  headers: Headers;
}

const OCTETS = { 'content-type': 'application/offset+octet-stream' };

const encodeMetadata = (metadata: Record<string, string>): string =>
  Object.entries(metadata)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

/** One user's tus requests, each sent by hand. */
export class TusClient {
  readonly #api: TestApi;
  readonly user: string;

  constructor(api: TestApi, user: string) {
    this.#api = api;
    this.user = user;
  }

  async send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: Buffer,
  ): Promise<TusAnswer> {
    const response = await fetch(`${this.#api.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#api.tokenFor(this.user)}`,
        'tus-resumable': '1.0.0',
        ...headers,
      },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      code: text === '' ? undefined : (JSON.parse(text) as Problem).code,
      id: response.headers.get('location')?.split('/').at(-1) ?? '',
      offset: Number(response.headers.get('upload-offset')),
      headers: response.headers,
    };
  }

  create(headers: Record<string, string>, metadata: Record<string, string> = {}): Promise<TusAnswer> {
    const all = { filename: 'a.bin', filetype: 'application/octet-stream', ...metadata };
    return this.send('POST', '/v1/uploads', { ...headers, 'upload-metadata': encodeMetadata(all) });
  }

  patch(id: string, offset: number, bytes: Buffer, headers: Record<string, string> = {}): Promise<TusAnswer> {
    return this.send(
      'PATCH',
      `/v1/uploads/${id}`,
      { ...OCTETS, 'upload-offset': String(offset), ...headers },
      bytes,
    );
  }

  head(id: string): Promise<TusAnswer> {
    return this.send('HEAD', `/v1/uploads/${id}`, {});
  }

  /** Creates a finished partial upload. @returns its id */
  async piece(bytes: Buffer): Promise<string> {
    const { id } = await this.create({
      'upload-concat': 'partial',
      'upload-length': String(bytes.length),
    });
    await this.patch(id, 0, bytes);
    return id;
  }

  /** Sends the last request of a concatenation. */
  join(ids: readonly string[], metadata: Record<string, string> = {}): Promise<TusAnswer> {
    const urls = ids.map((id) => `${this.#api.url}/v1/uploads/${id}`);
    return this.create({ 'upload-concat': `final;${urls.join(' ')}` }, metadata);
  }
}
