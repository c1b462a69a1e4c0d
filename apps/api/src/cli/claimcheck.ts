import { migrate } from '@claimcheck/database/migrate';
import { ConfigError, readConfig } from '@claimcheck/platform/config';
import { z } from 'zod';

const USAGE = `Usage: npm run claimcheck -- <command>

  migrate    apply pending database migrations (needs DATABASE_URL)
`;

const EX_USAGE = 64;
const EX_CONFIG = 78;

const runMigrate = async (): Promise<void> => {
  const { DATABASE_URL } = readConfig(z.object({ DATABASE_URL: z.string().min(1) }), process.env);
  const applied = await migrate(DATABASE_URL);
  for (const name of applied) process.stdout.write(`applied ${name}\n`);
  process.stdout.write(applied.length === 0 ? 'nothing to apply\n' : '');
};

const COMMANDS: Record<string, () => Promise<void>> = { migrate: runMigrate };

const run = async (): Promise<number> => {
  const command = COMMANDS[process.argv[2] ?? ''];
  if (command === undefined || process.argv.length > 3) {
    process.stderr.write(USAGE);
    return EX_USAGE;
  }
  try {
    await command();
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`);
    return error instanceof ConfigError ? EX_CONFIG : 1;
  }
};

process.exitCode = await run();
