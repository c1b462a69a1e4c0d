import { startAdminServer } from '@claimcheck/platform/process/admin-server';
import { compose, type Tools } from '../compose.ts';
import type { Config } from '../config.ts';
import { startBackgroundRole } from './background-role.ts';
import { startHttpRole } from './http-role.ts';

/**
 * Starts the configured roles.
 *
 * @returns fields that describe the api in the log
 * @throws StartError when a server does not answer
 */
export const startApi = async (config: Config, tools: Tools): Promise<Record<string, unknown>> => {
  const context = await compose(config, tools);
  const { database, bus, storage, metrics, shutdown } = context;
  if (config.roles.has('background')) await startBackgroundRole(context);
  if (config.roles.has('http')) await startHttpRole(context);
  // This comes last: ready means that everything else is.
  const admin = await startAdminServer({
    port: config.adminPort,
    roles: [...config.roles],
    registry: metrics.registry,
    logger: context.logger,
    checks: { database: () => database.check() },
    // Uploads and messages work without the broker; messages and catching up work without the store.
    reported: { broker: () => bus.check(), storage: () => storage.check() },
  });
  shutdown.add('admin', () => admin.close());
  shutdown.add('drain', () => admin.drain());
  return { roles: [...config.roles], port: config.port, admin_port: admin.port };
};
