import { ConfigError } from '@claimcheck/platform/process/config';
import { createLogger } from '@claimcheck/platform/process/logger';
import { Shutdown } from '@claimcheck/platform/process/shutdown';
import { startWorker } from './compose.ts';
import { readWorkerConfig, type WorkerConfig } from './config.ts';

/** sysexits.h: EX_CONFIG. */
const EXIT_CONFIGURATION = 78;

const main = async (config: WorkerConfig): Promise<void> => {
  const logger = createLogger('worker', config.LOG_LEVEL);
  const shutdown = new Shutdown(logger);
  const stopping = new AbortController();
  shutdown.listen();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  try {
    await startWorker(config, { logger, shutdown, signal: stopping.signal });
  } catch (error) {
    // Stopped while it was starting; that ends by itself.
    if (stopping.signal.aborted) return;
    logger.error({ err: error }, 'the worker could not start');
    process.exitCode = 1;
    await shutdown.run();
    process.exit();
  }
};

const loadConfig = (): WorkerConfig => {
  try {
    return readWorkerConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
};

await main(loadConfig());
