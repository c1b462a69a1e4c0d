import type { ParseArgsConfig } from 'node:util';
import type { Environment } from '@claimcheck/platform/process/environment';

export type OptionValue = string | boolean | (string | boolean)[] | undefined;

export interface CommandInput {
  /** As many as {@link Command.positionals} asks for, in the same order. */
  positionals: string[];
  /** Values of {@link Command.options}. */
  options: Record<string, OptionValue>;
  json: boolean;
  env: Environment;
  /** Prints answers: a line for people, or with `--json` one document for programs. */
  print: (line: string) => void;
  /** `--by`, or the user of this machine. */
  actor: string;
  /** Writes the audit line of an action that was just done; only for {@link Command.isAudited}. */
  audit: (object: Record<string, unknown>) => void;
}

/** One command of the operator's CLI; `commands/` has a file for each, `commands/index.ts` lists them. */
export interface Command {
  /** One word or two: `migrate`, `media show`. */
  name: string;
  summary: string;
  /** Names of arguments; one that begins with `?` is optional. */
  positionals?: readonly string[];
  /** Options in addition to `--help` and `--json`, which every command has. */
  options?: NonNullable<ParseArgsConfig['options']>;
  /** Lines of `--help` about the options, one each. */
  optionHelp?: readonly string[];
  /** Whether it changes what belongs to users; it then takes `--by` and `--reason`, and calls {@link CommandInput.audit}. */
  isAudited?: true;
  /** @returns the exit code; undefined means 0 */
  run: (input: CommandInput) => Promise<number | undefined>;
}

/** The command line is wrong, and the message says why. Exit code 64. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
