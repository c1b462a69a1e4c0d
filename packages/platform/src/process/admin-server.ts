import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gauge, type Registry } from './metrics.ts';
import { within } from './within.ts';

/** Name of a dependency → rejects when it does not answer. */
export type ReadinessChecks = Record<string, () => Promise<unknown>>;

export interface AdminServer {
  port: number;
  /** From now on not ready, so that a load balancer looks elsewhere; still alive. */
  drain(): void;
  close(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 2_000;

const check = async (run: () => Promise<unknown>): Promise<'ok' | 'failing'> => {
  try {
    await within(CHECK_TIMEOUT_MS, run);
    return 'ok';
  } catch {
    return 'failing';
  }
};

const checkAll = async (checks: ReadinessChecks): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(checks).map(async ([name, run]) => [name, await check(run)])),
  );

export interface AdminServerOptions {
  port: number;
  /** Roles or lanes that this process has; an alert fires for a role that no process has. */
  roles: readonly string[];
  registry: Registry;
  /** What nothing can be served without: the process is not ready while one of them fails. */
  checks: ReadinessChecks;
  /** What is named when it fails, and no more: to take every process away would end what still works. */
  reported?: ReadinessChecks;
}

/**
 * `/healthz` (the process lives), `/readyz` (503 while it can't serve; names which dependency does not answer),
 * `/metrics` (with `claimcheck_dependency_up`).
 */
export const startAdminServer = async (options: AdminServerOptions): Promise<AdminServer> => {
  const { checks, reported = {}, registry } = options;
  let draining = false;

  const ready = async (): Promise<{ status: number; body: string }> => {
    const [needed, others] = await Promise.all([checkAll(checks), checkAll(reported)]);
    const ok = !draining && Object.values(needed).every((result) => result === 'ok');
    const body = JSON.stringify({ ready: ok, draining, checks: { ...needed, ...others } });
    return { status: ok ? 200 : 503, body };
  };

  new Gauge({
    name: 'claimcheck_dependency_up',
    help: 'Whether a server that the process depends on answers: 1 or 0',
    labelNames: ['dependency'],
    registers: [registry],
    async collect() {
      for (const [dependency, result] of Object.entries(await checkAll({ ...checks, ...reported })))
        this.set({ dependency }, result === 'ok' ? 1 : 0);
    },
  });

  const roleUp = new Gauge({
    name: 'claimcheck_role_up',
    help: '1 for each role or lane that the process has',
    labelNames: ['role'],
    registers: [registry],
  });
  for (const role of options.roles) roleUp.set({ role }, 1);

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
      if (path === '/metrics') return send(200, registry.contentType, await registry.metrics());
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
