import http from 'node:http';

export type Answer =
  | { kind: 'answered'; status: number; offset: number | undefined; ms: number }
  /** The connection ended without an answer. */
  | { kind: 'broken'; reason: string; ms: number }
  /** Neither an answer nor an end within the limit. */
  | { kind: 'silent'; ms: number };

export interface Target {
  baseUrl: string;
  token: string;
}

export interface OpenRequest {
  /** Resolves when the bytes have been sent, or the request has ended. */
  write(bytes: Buffer): Promise<void>;
  /** Ends the body. */
  end(): void;
  readonly answer: Promise<Answer>;
  readonly bytesWritten: number;
  /** Ends the connection from this side. */
  destroy(): void;
}

const encodeMetadata = (metadata: Record<string, string>): string =>
  Object.entries(metadata)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

const offsetOf = (response: http.IncomingMessage): number | undefined => {
  const value = response.headers['upload-offset'];
  return typeof value === 'string' ? Number(value) : undefined;
};

/** One request on a separate connection, whose body the caller writes. */
const open = (
  target: Target,
  method: string,
  path: string,
  headers: Record<string, string>,
  withinMs: number,
): OpenRequest & { response: Promise<http.IncomingMessage | undefined> } => {
  const startedAt = performance.now();
  const elapsed = () => Math.round(performance.now() - startedAt);
  const request = http.request(`${target.baseUrl}${path}`, {
    method,
    agent: false,
    headers: { authorization: `Bearer ${target.token}`, 'tus-resumable': '1.0.0', ...headers },
  });
  const response = Promise.withResolvers<http.IncomingMessage | undefined>();
  const answer = new Promise<Answer>((resolve) => {
    const timer = setTimeout(() => {
      resolve({ kind: 'silent', ms: elapsed() });
      request.destroy();
    }, withinMs);
    request.once('response', (message) => {
      clearTimeout(timer);
      message.resume();
      // The server may close a connection whose body it did not read to the end.
      message.on('error', () => undefined);
      response.resolve(message);
      resolve({
        kind: 'answered',
        status: message.statusCode ?? 0,
        offset: offsetOf(message),
        ms: elapsed(),
      });
    });
    request.on('error', (error) => resolve({ kind: 'broken', reason: error.message, ms: elapsed() }));
    request.once('close', () => {
      clearTimeout(timer);
      response.resolve(undefined);
      resolve({ kind: 'broken', reason: 'closed', ms: elapsed() });
    });
  });
  let bytesWritten = 0;
  return {
    answer,
    response: response.promise,
    get bytesWritten() {
      return bytesWritten;
    },
    write: (bytes) =>
      new Promise((resolve) => {
        request.once('close', () => resolve());
        request.write(bytes, () => {
          bytesWritten += bytes.length;
          resolve();
        });
      }),
    end: () => void request.end(),
    destroy: () => void request.destroy(),
  };
};

/** An upload with handwritten requests, a connection for each, which stock clients do not allow. */
export class WireUpload {
  readonly id: string;
  readonly #target: Target;

  constructor(target: Target, id: string) {
    this.#target = target;
    this.id = id;
  }

  /** @throws when the answer is not 201 */
  static async create(
    target: Target,
    length: number,
    metadata: Record<string, string> = {},
  ): Promise<WireUpload> {
    const all = { filename: 'random.bin', filetype: 'application/octet-stream', ...metadata };
    const headers = {
      'upload-length': String(length),
      'upload-metadata': encodeMetadata(all),
    };
    const request = open(target, 'POST', '/v1/uploads', headers, 30_000);
    request.end();
    const answer = await request.answer;
    const location = (await request.response)?.headers.location;
    if (answer.kind !== 'answered' || answer.status !== 201 || location === undefined)
      throw new Error(`the creation was answered ${JSON.stringify(answer)}`);
    return new WireUpload(target, location.slice(location.lastIndexOf('/') + 1));
  }

  /** Returns the same upload at another address. */
  via(baseUrl: string): WireUpload {
    return new WireUpload({ ...this.#target, baseUrl }, this.id);
  }

  async head(withinMs = 30_000): Promise<Answer> {
    const request = open(this.#target, 'HEAD', `/v1/uploads/${this.id}`, {}, withinMs);
    request.end();
    return request.answer;
  }

  async terminate(withinMs = 30_000): Promise<Answer> {
    const request = open(this.#target, 'DELETE', `/v1/uploads/${this.id}`, {}, withinMs);
    request.end();
    return request.answer;
  }

  /** A PATCH that announces `length` bytes and sends the written ones. */
  openPatch(
    offset: number,
    length: number,
    withinMs = 60_000,
    headers: Record<string, string> = {},
  ): OpenRequest {
    return open(
      this.#target,
      'PATCH',
      `/v1/uploads/${this.id}`,
      {
        'upload-offset': String(offset),
        'content-type': 'application/offset+octet-stream',
        'content-length': String(length),
        ...headers,
      },
      withinMs,
    );
  }

  async patch(offset: number, bytes: Buffer, withinMs = 60_000): Promise<Answer> {
    const request = this.openPatch(offset, bytes.length, withinMs);
    void request.write(bytes);
    request.end();
    return request.answer;
  }
}
