import { ConfigError } from '@claimcheck/platform/process/config';
import { createLogger } from '@claimcheck/platform/process/logger';
import { Shutdown } from '@claimcheck/platform/process/shutdown';
import { type GatewayConfig, readGatewayConfig } from './config.ts';
import { startGateway } from './start-gateway.ts';

// EX_CONFIG of sysexits.h: an orchestrator's log shows that a restart won't help.
const EXIT_CONFIG = 78;

// Beside the time for clients to move.
const LONGEST_STEP_MS = 10_000;

const readConfigOrExit = (): GatewayConfig => {
  try {
    return readGatewayConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
};

const config = readConfigOrExit();
const logger = createLogger('gateway', config.LOG_LEVEL);
const shutdown = new Shutdown(logger, config.DRAIN_TIME + LONGEST_STEP_MS);

try {
  const address = await startGateway(config, logger, shutdown);
  shutdown.listen();
  logger.info({ port: address.port, admin_port: address.adminPort }, 'the gateway is ready');
} catch (error) {
  logger.fatal({ err: error }, 'the gateway could not start');
  await shutdown.run();
  process.exit(1);
}
