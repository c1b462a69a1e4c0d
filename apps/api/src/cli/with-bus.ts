import {
  brokerVariables,
  subjectVariables,
  toSubjectOverrides,
} from '@claimcheck/platform/nats/broker-variables';
import { Bus } from '@claimcheck/platform/nats/bus';
import { commonVariables, type Environment, readConfig } from '@claimcheck/platform/process/config';
import { createLogger } from '@claimcheck/platform/process/logger';
import { z } from 'zod';

/** The caller closes it. @throws ConfigError; Error when the broker does not answer */
export const openBus = (env: Environment): Promise<Bus> => {
  const read = readConfig(z.object({ ...commonVariables, ...brokerVariables, ...subjectVariables }), env);
  return Bus.connect({
    url: read.NATS_URL,
    name: `${read.APP_NAME}-cli`,
    appName: read.APP_NAME,
    overrides: toSubjectOverrides(read),
    // Standard output is for answers.
    logger: createLogger('cli', 'silent'),
  });
};

/** The broker, for as long as `work` takes. @throws like {@link openBus} */
export const withBus = async <Result>(
  env: Environment,
  work: (bus: Bus) => Promise<Result>,
): Promise<Result> => {
  const bus = await openBus(env);
  try {
    return await work(bus);
  } finally {
    await bus.close();
  }
};
