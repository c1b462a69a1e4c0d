import { setFlagsFromString } from 'node:v8';
import { writeAudit } from './audit.ts';
import { ConfigError, EX_CONFIG } from './config-error.ts';
import type { Environment } from './environment.ts';
import type { Logger } from './logger.ts';
import { watchSecretFiles } from './secret-files.ts';
import { Shutdown } from './shutdown.ts';
import { StartError } from './start-error.ts';

export interface StartTools<Config> {
  logger: Logger;
  /** Undoes the steps of the start; whatever opens something registers it here at once. */
  shutdown: Shutdown;
  /** Calls a listener with the configuration after the file of a secret changed. */
  onReload: (listener: (config: Config) => void) => void;
  /** Aborted by SIGTERM and SIGINT, from the first moment. */
  signal: AbortSignal;
}

interface Process<Config extends { logLevel: string }> {
  name: string;
  /** Loads the function that reads the configuration, which throws a ConfigError. */
  loadConfig: () => Promise<(env: Environment) => Config>;
  /** @returns fields for the line that says that the process is ready */
  start: (config: Config, tools: StartTools<Config>) => Promise<Record<string, unknown>>;
  /** Time limit of each step of the shutdown. */
  longestStepMs?: (config: Config) => number;
}

/**
 * V8 counts buffers towards the limit of the heap. By default it starts a full collection for each 64 MiB of buffers, however
 * small the heap: a third of an upload's processor time. NODE_OPTIONS refuses the flag.
 */
const BUFFERS_COUNT_AS_HEAP = '--external-memory-accounted-in-global-limit';

/**
 * How much V8's young generation grows at a time. A start would let it grow to its limit, and an idle process keeps that:
 * 13 MiB with `--max-semi-space-size=8`. After the start, a load lets it grow as by default.
 */
const YOUNG_GENERATION = {
  atStart: '--semi-space-growth-factor=1',
  afterwards: '--semi-space-growth-factor=2',
};

/**
 * Runs one of our processes from its configuration to its last step. Exits with 78 when the configuration is not valid, with
 * 1 when the start or a step of the shutdown fails, and with 0 otherwise.
 */
export const runProcess = async <Config extends { logLevel: string }>({
  name,
  loadConfig,
  start,
  longestStepMs,
}: Process<Config>): Promise<void> => {
  setFlagsFromString(BUFFERS_COUNT_AS_HEAP);
  // Before most of the program is loaded.
  setFlagsFromString(YOUNG_GENERATION.atStart);
  const { createLogger } = await import('./logger.ts');
  const readConfig = await loadConfig();
  const config = readOrExit(readConfig);
  const logger = createLogger(name, config.logLevel);
  const shutdown = new Shutdown(logger, longestStepMs?.(config));
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      logger.info({ signal }, 'shutting down');
      stopping.abort();
      void shutdown.run().finally(() => exit(logger));
    });
  try {
    const onReload = reloads(readConfig, logger, shutdown);
    const fields = await start(config, { logger, shutdown, onReload, signal: stopping.signal });
    setFlagsFromString(YOUNG_GENERATION.afterwards);
    if (!stopping.signal.aborted) logger.info(fields, `${name} is ready`);
  } catch (error) {
    // A start that was stopped fails for that reason; the signal's handler ends the process.
    if (stopping.signal.aborted) return;
    if (error instanceof StartError)
      logger.fatal({ reason: error.reason }, `${name} could not start: ${error.message}`);
    else logger.fatal({ err: error }, `${name} could not start`);
    process.exitCode = 1;
    await shutdown.run();
    exit(logger);
  }
};

/** Exits once all lines are written: lines that the exit itself flushes would overtake one in flight. */
const exit = (logger: Logger): void => {
  logger.flush(() => process.exit());
  // Standard output may have lost its reader.
  setTimeout(() => process.exit(), 1_000);
};

/** Reads the configuration again when a secret's file changes; an invalid one changes nothing. */
const reloads = <Config>(
  readConfig: (env: Environment) => Config,
  logger: Logger,
  shutdown: Shutdown,
): StartTools<Config>['onReload'] => {
  const listeners: ((config: Config) => void)[] = [];
  const stop = watchSecretFiles({
    env: process.env,
    onChange: (variables) => {
      try {
        const config = readConfig(process.env);
        for (const listener of listeners) listener(config);
        writeAudit(logger, { actor: 'file', action: 'secrets reload', object: { variables }, reason: '' });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        logger.error({ problems: error.problems }, 'changed secrets are not valid, the former ones stay');
      }
    },
  });
  shutdown.add('secret files', stop);
  return (listener) => listeners.push(listener);
};

const readOrExit = <Config>(readConfig: (env: Environment) => Config): Config => {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EX_CONFIG);
  }
};
