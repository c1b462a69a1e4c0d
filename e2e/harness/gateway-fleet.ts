import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type LocalStack, startLocalStack } from '@claimcheck/local-stack/local-stack';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { Balancer } from './balancer.ts';
import { type System, startSystem } from './system.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The system with two gateways behind a balancer, and a separate broker that may be restarted. */
export interface GatewayFleet {
  system: System;
  gateways: readonly [ManagedService, ManagedService];
  /** Their admin addresses, in the same order. */
  adminUrls: readonly [string, string];
  balancer: Balancer;
  broker: ManagedService;
  stop(): Promise<void>;
}

const startSecondGateway = async (system: System) => {
  const port = await freePort();
  const adminPort = await freePort(new Set([port]));
  const service = await startProcess({
    name: 'second gateway',
    command: process.execPath,
    args: ['apps/gateway/src/main.ts'],
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      ...system.apiEnv,
      GATEWAY_PORT: String(port),
      ADMIN_PORT: String(adminPort),
    },
    ready: async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok,
    timeoutMs: 60_000,
  });
  return { service, url: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` };
};

const startOwnBroker = async (stack: Record<string, string>): Promise<LocalStack & { dataDir: string }> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-broker-'));
  const { NATS_URL: _, ...others } = stack;
  // Everything else is configured, so only the broker is started.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...others };
  return Object.assign(await startLocalStack({ dataDir, env, clamav: 'none', fresh: true }), { dataDir });
};

/** @param overrides configuration that differs from the defaults */
export const startGatewayFleet = async (
  stack: Record<string, string>,
  overrides: Record<string, string> = {},
): Promise<GatewayFleet> => {
  const own = await startOwnBroker(stack);
  const broker = own.services.nats;
  if (broker === undefined) throw new Error('the broker was not started');
  const system = await startSystem({ ...stack, NATS_URL: own.env.NATS_URL ?? '' }, overrides);
  const second = await startSecondGateway(system);
  const balancer = await Balancer.start([system.gatewayUrl, second.url]);
  return {
    system,
    gateways: [system.apps.gateway, second.service],
    adminUrls: [system.adminUrls.gateway, second.adminUrl],
    balancer,
    broker,
    stop: async () => {
      await balancer.stop();
      await Promise.all([system.stop(), second.service.stop()]);
      await own.stop();
      await rm(own.dataDir, { recursive: true, force: true });
    },
  };
};
