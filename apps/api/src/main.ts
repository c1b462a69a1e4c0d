import { startAdminServer } from '@claimcheck/platform/admin-server';
import { ConfigError } from '@claimcheck/platform/config';
import { startBackground } from './background/start-background.ts';
import { compose } from './compose.ts';
import { loadConfig } from './config.ts';
import { startHttp } from './http/start-http.ts';

const EX_CONFIG = 78;

const start = async (): Promise<void> => {
  const config = loadConfig(process.env);
  const context = await compose(config);
  const { database, bus, storage, metrics, shutdown, logger } = context;
  const admin = await startAdminServer({
    port: config.adminPort,
    registry: metrics.registry,
    checks: {
      database: () => database.check(),
      broker: () => bus.check(),
      storage: () => storage.check(),
    },
  });
  shutdown.add('admin', () => admin.close());
  if (config.roles.has('background')) await startBackground(context);
  if (config.roles.has('http')) await startHttp(context);
  shutdown.add('drain', () => admin.drain());
  shutdown.listen();
  logger.info({ roles: [...config.roles], port: config.port, admin_port: admin.port }, 'api is ready');
};

start().catch((error: unknown) => {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else console.error(error);
  process.exit(error instanceof ConfigError ? EX_CONFIG : 1);
});
