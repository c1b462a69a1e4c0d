import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Name of a dependency → rejects when it does not answer. */
export type ReadinessChecks = Record<string, () => Promise<unknown>>;

export interface AdminServer {
  port: number;
  /** From now on not ready, so that a load balancer looks elsewhere; still alive. */
  drain(): void;
  close(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 2_000;

const check = async (run: () => Promise<unknown>): Promise<string> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([run(), timeout]);
    return 'ok';
  } catch {
    return 'failing';
  } finally {
    clearTimeout(timer);
  }
};

/** `/healthz` (the process lives), `/readyz` (its dependencies answer; 503 names which not), `/metrics`. */
export const startAdminServer = async (options: {
  port: number;
  registry: Registry;
  checks: ReadinessChecks;
}): Promise<AdminServer> => {
  let draining = false;

  const ready = async (): Promise<{ status: number; body: string }> => {
    const names = Object.keys(options.checks);
    const results = await Promise.all(Object.values(options.checks).map(check));
    const checks = Object.fromEntries(names.map((name, index) => [name, results[index]]));
    const ok = !draining && results.every((result) => result === 'ok');
    return { status: ok ? 200 : 503, body: JSON.stringify({ ready: ok, draining, checks }) };
  };

  const server = http.createServer((request, response) => {
    const send = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type }).end(body);
    const answer = async () => {
      const path = request.url?.split('?')[0];
      if (path === '/healthz') return send(200, 'application/json', '{"alive":true}');
      if (path === '/readyz') {
        const { status, body } = await ready();
        return send(status, 'application/json', body);
      }
      if (path === '/metrics')
        return send(200, options.registry.contentType, await options.registry.metrics());
      return send(404, 'text/plain', 'Not found\n');
    };
    answer().catch(() => send(500, 'text/plain', 'Internal error\n'));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
