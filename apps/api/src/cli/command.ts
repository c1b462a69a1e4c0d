import type { ParseArgsConfig } from 'node:util';
import type { Environment } from '@claimcheck/platform/process/config';

export type OptionValue = string | boolean | (string | boolean)[] | undefined;

export interface CommandInput {
  /** As many as {@link Command.positionals} asks for, in its order. */
  positionals: string[];
  /** Values of {@link Command.options}. */
  options: Record<string, OptionValue>;
  json: boolean;
  env: Environment;
  /** Prints answers: a line for people, or with `--json` one document for programs. */
  print: (line: string) => void;
}

/** One command of the operator's CLI; a file each in `commands/`, listed in `commands/index.ts`. */
export interface Command {
  /** One word or two: `migrate`, `media show`. */
  name: string;
  summary: string;
  /** Names of required arguments; one that begins with `?` may be left out. */
  positionals?: readonly string[];
  /** Beside `--help` and `--json`, which every command has. */
  options?: NonNullable<ParseArgsConfig['options']>;
  /** Lines of `--help` about the options, one each. */
  optionHelp?: readonly string[];
  /** @returns the exit code; nothing means 0 */
  run: (input: CommandInput) => Promise<number | undefined>;
}

/** The command line is wrong; its message says how. Exit code 64. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
