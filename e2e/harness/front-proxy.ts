import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FrontProxyOptions {
  /** Larger bodies are refused as nginx does it: 413, by the declared length. Bytes. */
  maxBodyBytes?: number;
  /** Request headers that the proxy drops. */
  drops?: readonly string[];
  /** Whether it adds its caller to X-Forwarded-For; otherwise the client's value stays. */
  addsForwardedFor?: boolean;
  /** How far the answers' date is ahead of the real time. Milliseconds. */
  dateAheadMs?: number;
}

/** A proxy as in front of an api or a store, with typical faults. */
export class FrontProxy {
  readonly url: string;
  options: FrontProxyOptions = {};
  /** Number of requests that were too large. */
  refused = 0;
  readonly #server: http.Server;
  #target: URL | undefined;

  private constructor(server: http.Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#pass(request, response));
  }

  /** The target may be started later, with this proxy's address as its own. */
  static async start(options: FrontProxyOptions = {}): Promise<FrontProxy> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new FrontProxy(server);
    proxy.options = options;
    return proxy;
  }

  passTo(target: string): void {
    this.#target = new URL(target);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { maxBodyBytes = Number.POSITIVE_INFINITY, drops = [], dateAheadMs = 0 } = this.options;
    if (this.#target === undefined || Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      const status = this.#target === undefined ? 502 : 413;
      if (status === 413) this.refused += 1;
      request.resume();
      response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>refused</h1>');
      return;
    }
    // The Host header stays: it is part of a signature.
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !drops.includes(name)),
    );
    if (this.options.addsForwardedFor === true) {
      const before = request.headers['x-forwarded-for'];
      headers['x-forwarded-for'] = [before ?? [], request.socket.remoteAddress ?? 'unknown']
        .flat()
        .join(', ');
    }
    const { hostname, port } = this.#target;
    const { method, url: path } = request;
    const upstream = http.request({ hostname, port, method, path, headers }, (answer) => {
      const date = new Date(Date.now() + dateAheadMs).toUTCString();
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.on('error', () => upstream.destroy());
    request.pipe(upstream);
  }
}
