import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

export interface S3Request {
  method: string;
  /** Path and query, as the client sent them. */
  url: string;
  headers?: http.IncomingHttpHeaders;
}

/** An answer in the place of the store's. */
interface S3Answer {
  status: number;
  body?: string;
}

type Replace = (request: S3Request) => Promise<S3Answer | undefined>;

export const isPart = (request: S3Request, number?: number): boolean =>
  request.method === 'PUT' && new RegExp(`[?&]partNumber=${number ?? '\\d+'}(&|$)`).test(request.url);

export const isComplete = (request: S3Request): boolean =>
  request.method === 'POST' && /[?&]uploadId=/.test(request.url);

/** Counts the requests to an S3 server, and answers some of them with 500 instead. */
export class S3FaultProxy {
  readonly url: string;
  readonly requests: S3Request[] = [];
  readonly #server: http.Server;
  #fails: (request: S3Request) => boolean = () => false;
  #onAnswered: (request: S3Request) => Promise<void> = async () => {};
  #replace: Replace = async () => undefined;

  private constructor(server: http.Server, protocol: 'http' | 'https') {
    this.#server = server;
    this.url = `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param tls certificate and key in PEM: it then speaks TLS with its clients */
  static async start(target: string, tls?: { cert: Buffer; key: Buffer }): Promise<S3FaultProxy> {
    const { hostname, port } = new URL(target);
    const server = tls === undefined ? http.createServer() : https.createServer(tls);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new S3FaultProxy(server, tls === undefined ? 'http' : 'https');
    server.on('request', async (request, response) => {
      const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers };
      proxy.requests.push(seen);
      if (proxy.#fails(seen)) {
        request.resume().on('end', () => response.writeHead(500).end());
        return;
      }
      const own = await proxy.#replace(seen);
      if (own !== undefined) {
        const answer = () =>
          response.writeHead(own.status, { 'content-type': 'application/xml' }).end(own.body);
        request.resume().on('end', answer);
        return;
      }
      // The Host header stays: it is part of the signature.
      const { method, url: path, headers } = request;
      const upstream = http.request({ hostname, port, method, path, headers }, async (answer) => {
        try {
          await proxy.#onAnswered(seen);
        } catch {
          answer.destroy();
          response.destroy();
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      upstream.on('error', () => response.destroy());
      request.on('error', () => upstream.destroy());
      request.pipe(upstream);
    });
    return proxy;
  }

  /** Makes these requests fail from now on. */
  fail(which: (request: S3Request) => boolean): void {
    this.#fails = which;
  }

  /** From now on these answers stand in for the store's; it does not hear of their requests. */
  replace(answer: Replace): void {
    this.#replace = answer;
  }

  /** Runs between the storage's answer and its arrival. An exception cuts the answer off. */
  onAnswered(action: (request: S3Request) => Promise<void>): void {
    this.#onAnswered = action;
  }

  heal(): void {
    this.#fails = () => false;
    this.#onAnswered = async () => {};
    this.#replace = async () => undefined;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
