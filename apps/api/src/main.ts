import { startAdminServer } from '@claimcheck/platform/process/admin-server';
import { ConfigError } from '@claimcheck/platform/process/config';
import { compose } from './compose.ts';
import { loadConfig } from './config.ts';
import { startBackgroundRole } from './roles/background-role.ts';
import { startHttpRole } from './roles/http-role.ts';

const EX_CONFIG = 78;

const start = async (): Promise<void> => {
  const config = loadConfig(process.env);
  const context = await compose(config);
  const { database, bus, storage, metrics, shutdown, logger } = context;
  if (config.roles.has('background')) await startBackgroundRole(context);
  if (config.roles.has('http')) await startHttpRole(context);
  // Last: ready means that everything else is.
  const admin = await startAdminServer({
    port: config.adminPort,
    roles: [...config.roles],
    registry: metrics.registry,
    checks: { database: () => database.check() },
    // Uploads and messages go on without the broker, messages and catching up without the store.
    reported: { broker: () => bus.check(), storage: () => storage.check() },
  });
  shutdown.add('admin', () => admin.close());
  shutdown.add('drain', () => admin.drain());
  shutdown.listen();
  logger.info({ roles: [...config.roles], port: config.port, admin_port: admin.port }, 'api is ready');
};

start().catch((error: unknown) => {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else console.error(error);
  process.exit(error instanceof ConfigError ? EX_CONFIG : 1);
});
