import type { Command } from './command.ts';
import { migrateCommand } from './commands/migrate.ts';

/** Every command of the CLI, in the order of its help. */
export const COMMANDS: readonly Command[] = [migrateCommand];
