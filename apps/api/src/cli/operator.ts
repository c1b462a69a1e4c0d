import { uuid } from '@claimcheck/contracts/ids';
import { Database } from '@claimcheck/database/database';
import type { Environment } from '@claimcheck/platform/process/environment';
import { type Config, readApiConfig } from '../config.ts';
import type { DomainConfig } from '../media/record/domain-config.ts';
import { toDomainConfig } from '../to-domain-config.ts';
import { UsageError } from './command.ts';

export interface Operator {
  config: Config;
  database: Database;
  settings: DomainConfig;
}

/**
 * Runs work with the api's own configuration and database, and closes whatever it opened. It announces nothing: gateways
 * find its events in the log, and the relay its messages in the outbox.
 *
 * @throws ConfigError
 */
export const withOperator = async <Result>(
  env: Environment,
  work: (operator: Operator) => Promise<Result>,
): Promise<Result> => {
  const config = readApiConfig(env);
  const database = new Database({ url: config.databaseUrl, poolSize: 2 });
  try {
    return await work({ config, database, settings: toDomainConfig(config) });
  } finally {
    await database.close();
  }
};

/** @throws UsageError */
export const mediaIdArgument = (text: string | undefined): string => {
  const parsed = uuid.safeParse(text);
  if (!parsed.success) throw new UsageError(`${text} is not the id of a media object`);
  return parsed.data;
};
