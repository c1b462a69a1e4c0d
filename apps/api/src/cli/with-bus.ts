import { Bus } from '@claimcheck/platform/bus';
import { commonVariables, type Environment, readConfig } from '@claimcheck/platform/config';
import { createLogger } from '@claimcheck/platform/logger';
import { z } from 'zod';

/** The broker, for as long as `work` takes. @throws ConfigError */
export const withBus = async <Result>(
  env: Environment,
  work: (bus: Bus) => Promise<Result>,
): Promise<Result> => {
  const read = readConfig(z.object(commonVariables), env);
  const bus = await Bus.connect({
    url: read.NATS_URL,
    name: `${read.APP_NAME}-cli`,
    appName: read.APP_NAME,
    overrides: {
      optimizeRequest: read.SUBJECT_OPTIMIZE_REQUEST,
      optimizeResponse: read.SUBJECT_OPTIMIZE_RESPONSE,
      virus: read.SUBJECT_VIRUS,
    },
    // Standard output is for answers.
    logger: createLogger('cli', 'silent'),
  });
  try {
    return await work(bus);
  } finally {
    await bus.close();
  }
};
