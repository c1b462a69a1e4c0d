import {
  brokerVariables,
  subjectVariables,
  toBrokerFiles,
  toSubjectOverrides,
} from '@claimcheck/platform/nats/broker-variables';
import { Bus } from '@claimcheck/platform/nats/bus';
import { commonVariables, readConfig } from '@claimcheck/platform/process/config';
import type { Environment } from '@claimcheck/platform/process/environment';
import { createLogger } from '@claimcheck/platform/process/logger';
import { z } from 'zod';

/** The message of nats-core after 10 s without an answer. */
const TIMED_OUT = /^timeout$/i;

const explain = (error: unknown): Error => {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`NATS_URL: ${TIMED_OUT.test(reason) ? 'no answer within 10 s' : reason}`, {
    cause: error,
  });
};

/** Connects to the broker; the caller closes the connection. @throws ConfigError; Error when the broker does not answer */
export const openBus = async (env: Environment): Promise<Bus> => {
  const read = readConfig(z.object({ ...commonVariables, ...brokerVariables, ...subjectVariables }), env);
  try {
    return await Bus.connect({
      url: read.NATS_URL,
      files: toBrokerFiles(read),
      name: `${read.APP_NAME}-cli`,
      appName: read.APP_NAME,
      overrides: toSubjectOverrides(read),
      // Standard output is reserved for answers.
      logger: createLogger('cli', 'silent'),
    });
  } catch (error) {
    throw explain(error);
  }
};

/** Runs work with the broker. @throws like {@link openBus} */
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
