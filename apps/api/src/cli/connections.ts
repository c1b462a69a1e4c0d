import { Database } from '@claimcheck/database/database';
import { Bus } from '@claimcheck/platform/bus';
import { commonVariables, type Environment, readConfig } from '@claimcheck/platform/config';
import { createLogger } from '@claimcheck/platform/logger';
import { z } from 'zod';
import { OutboxSignal } from '../background/outbox-signal.ts';

const POOL_SIZE = 2;
const databaseVariables = { DATABASE_URL: z.string().min(1) };

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

/** The broker and the database; commits wake the relays. @throws ConfigError */
export const withBusAndDatabase = async <Result>(
  env: Environment,
  work: (bus: Bus, database: Database) => Promise<Result>,
): Promise<Result> => {
  const { DATABASE_URL } = readConfig(z.object({ ...commonVariables, ...databaseVariables }), env);
  return withBus(env, async (bus) => {
    const signal = new OutboxSignal(bus);
    const database = new Database({
      url: DATABASE_URL,
      poolSize: POOL_SIZE,
      onCommit: (facts) => {
        if (facts.some(({ fact }) => fact === 'outbox')) signal.raise();
      },
    });
    try {
      return await work(bus, database);
    } finally {
      await database.close();
    }
  });
};
