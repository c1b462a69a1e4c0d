import { migrate } from '@claimcheck/database/migrate';
import { readConfig } from '@claimcheck/platform/process/config';
import { databaseVariables } from '@claimcheck/platform/process/database-variables';
import { z } from 'zod';
import type { Command } from '../command.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'apply pending database migrations (needs the address of Postgres only)',
  run: async ({ env, json, print }) => {
    const { DATABASE_URL } = readConfig(z.object({ ...databaseVariables }), env);
    const applied = await migrate(DATABASE_URL);
    if (json) print(JSON.stringify({ applied }));
    else if (applied.length === 0) print('nothing to apply');
    else for (const name of applied) print(`applied ${name}`);
    return 0;
  },
};
