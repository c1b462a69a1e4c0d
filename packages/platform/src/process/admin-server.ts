import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { DependencyLog } from './dependency-log.ts';
import type { Logger } from './logger.ts';
import { Gauge, type Registry } from './metrics.ts';
import { within } from './within.ts';

/** By name of the dependency: a check that rejects when it does not answer. */
export type ReadinessChecks = Record<string, () => Promise<unknown>>;

export interface AdminServer {
  port: number;
  /** From now on not ready, so that a load balancer sends requests elsewhere; still alive. */
  drain(): void;
  close(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 2_000;

/** Used if no probe asks more often, so that the log reports an outage. */
const CHECK_EVERY_MS = 10_000;

/** Checks dependencies, and logs each change. */
class Dependencies {
  readonly #log: DependencyLog;
  #askedAt = performance.now();

  constructor(logger: Logger) {
    this.#log = new DependencyLog(logger);
  }

  get isQuiet(): boolean {
    return performance.now() - this.#askedAt >= CHECK_EVERY_MS;
  }

  async ask(checks: ReadinessChecks): Promise<Record<string, 'ok' | 'failing'>> {
    this.#askedAt = performance.now();
    const names = Object.entries(checks).map(
      async ([name, run]) => [name, await this.#check(name, run)] as const,
    );
    return Object.fromEntries(await Promise.all(names));
  }

  async #check(name: string, run: () => Promise<unknown>): Promise<'ok' | 'failing'> {
    try {
      await within(CHECK_TIMEOUT_MS, run);
      this.#log.observe(name, undefined);
      return 'ok';
    } catch (error) {
      this.#log.observe(name, error ?? 'no answer');
      return 'failing';
    }
  }
}

export interface AdminServerOptions {
  port: number;
  /** Roles or lanes of this process; an alert fires for a role that no process has. */
  roles: readonly string[];
  registry: Registry;
  logger: Logger;
  /** Dependencies that every request needs: the process is not ready while one of them fails. */
  checks: ReadinessChecks;
  /** Dependencies that are only named when they fail: unready processes would also end what still works. */
  reported?: ReadinessChecks;
}

/**
 * Serves `/healthz` (the process lives), `/readyz` (503 while it cannot serve; names the dependency that does not answer) and
 * `/metrics` (with `claimcheck_dependency_up`).
 */
export const startAdminServer = async (options: AdminServerOptions): Promise<AdminServer> => {
  const { checks, reported = {}, registry } = options;
  const dependencies = new Dependencies(options.logger);
  let draining = false;

  const ready = async (): Promise<{ status: number; body: string }> => {
    const [needed, others] = await Promise.all([dependencies.ask(checks), dependencies.ask(reported)]);
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
      for (const [dependency, result] of Object.entries(await dependencies.ask({ ...checks, ...reported })))
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
  const timer = setInterval(() => {
    if (dependencies.isQuiet) void dependencies.ask({ ...checks, ...reported });
  }, CHECK_EVERY_MS);
  timer.unref();
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining = true;
    },
    close: () =>
      new Promise((resolve) => {
        clearInterval(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
