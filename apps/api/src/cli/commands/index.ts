import type { Command } from '../command.ts';
import { dlqListCommand } from './dlq-list.ts';
import { dlqRedriveCommand } from './dlq-redrive.ts';
import { dlqShowCommand } from './dlq-show.ts';
import { doctorCommand } from './doctor.ts';
import { forgetVerdictCommand } from './forget-verdict.ts';
import { mediaEraseCommand } from './media-erase.ts';
import { mediaRedriveCommand } from './media-redrive.ts';
import { mediaRefsCommand } from './media-refs.ts';
import { mediaShowCommand } from './media-show.ts';
import { migrateCommand } from './migrate.ts';
import { reconcileCommand } from './reconcile.ts';
import { rescanCommand } from './rescan.ts';
import { tokenExplainCommand } from './token-explain.ts';
import { userExportCommand } from './user-export.ts';
import { userQuotaCommand } from './user-quota.ts';

/** Every command of the CLI, in the order of its help. */
export const COMMANDS: readonly Command[] = [
  migrateCommand,
  doctorCommand,
  mediaShowCommand,
  mediaRefsCommand,
  mediaRedriveCommand,
  mediaEraseCommand,
  dlqListCommand,
  dlqShowCommand,
  dlqRedriveCommand,
  reconcileCommand,
  rescanCommand,
  forgetVerdictCommand,
  userExportCommand,
  userQuotaCommand,
  tokenExplainCommand,
];
