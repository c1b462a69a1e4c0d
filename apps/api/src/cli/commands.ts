import type { Command } from './command.ts';
import { createCompletionCommand } from './commands/completion.ts';
import { dlqListCommand } from './commands/dlq-list.ts';
import { dlqRedriveCommand } from './commands/dlq-redrive.ts';
import { dlqShowCommand } from './commands/dlq-show.ts';
import { doctorCommand } from './commands/doctor.ts';
import { forgetVerdictCommand } from './commands/forget-verdict.ts';
import { mediaRedriveCommand } from './commands/media-redrive.ts';
import { mediaRefsCommand } from './commands/media-refs.ts';
import { mediaShowCommand } from './commands/media-show.ts';
import { migrateCommand } from './commands/migrate.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { rescanCommand } from './commands/rescan.ts';
import { userQuotaCommand } from './commands/user-quota.ts';

const OPERATIONS: readonly Command[] = [
  migrateCommand,
  doctorCommand,
  mediaShowCommand,
  mediaRefsCommand,
  mediaRedriveCommand,
  dlqListCommand,
  dlqShowCommand,
  dlqRedriveCommand,
  reconcileCommand,
  rescanCommand,
  forgetVerdictCommand,
  userQuotaCommand,
];

/** Every command of the CLI, in the order of its help. */
export const COMMANDS: readonly Command[] = [...OPERATIONS, createCompletionCommand(OPERATIONS)];
