import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { writeAudit } from '@claimcheck/platform/process/audit';
import { ConfigError, EX_CONFIG } from '@claimcheck/platform/process/config-error';
import type { Environment } from '@claimcheck/platform/process/environment';
import { createLogger } from '@claimcheck/platform/process/logger';
import { withRequestId } from '@claimcheck/platform/process/request-id';
import { ProblemError } from '../problem-error.ts';
import { type Command, type CommandInput, type OptionValue, UsageError } from './command.ts';

export interface Terminal {
  out: (text: string) => void;
  error: (text: string) => void;
  /** Takes audit lines. */
  audit: (text: string) => void;
}

const EXIT = { ok: 0, failed: 1, usage: 64, config: EX_CONFIG } as const;

const COMMON = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

const AUDIT = { by: { type: 'string' }, reason: { type: 'string' } } as const;

const AUDIT_HELP = [
  '--by <name>      who orders it, for the audit line (default: the user of this machine)',
  '--reason <text>  why, for the audit line',
];

const optionsOf = ({ options, isAudited }: Command) => ({
  ...options,
  ...(isAudited === true ? AUDIT : {}),
  ...COMMON,
});

const argumentsOf = ({ positionals = [] }: Command): string =>
  positionals.map((name) => (name.startsWith('?') ? ` [${name.slice(1)}]` : ` <${name}>`)).join('');

/** Returns what `--help` prints for a command. */
export const helpOf = (command: Command): string =>
  [
    `Usage: npm run claimcheck -- ${command.name}${argumentsOf(command)} [options]`,
    '',
    `  ${command.summary}`,
    '',
    ...[...(command.optionHelp ?? []), ...(command.isAudited === true ? AUDIT_HELP : [])].map(
      (line) => `  ${line}`,
    ),
    '  --json    one JSON document instead of lines for people',
    '',
  ].join('\n');

const usageOf = (commands: readonly Command[]): string => {
  const names = commands.map((command) => `${command.name}${argumentsOf(command)}`);
  const width = Math.max(...names.map((name) => name.length));
  const lines = commands.map(({ summary }, index) => `  ${names[index]?.padEnd(width)}  ${summary}`);
  return ['Usage: npm run claimcheck -- <command> [--json] [--help]', '', ...lines, ''].join('\n');
};

const findCommand = (
  commands: readonly Command[],
  argv: readonly string[],
): { command: Command; rest: string[] } | undefined => {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ');
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined && argv.length >= words) return { command, rest: argv.slice(words) };
  }
  return undefined;
};

const parse = (command: Command, args: string[]) => {
  try {
    return parseArgs({ args, options: optionsOf(command), allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options are not valid');
  }
};

const assertPositionals = ({ positionals = [] }: Command, given: readonly string[]): void => {
  const missing = positionals.slice(given.length).find((name) => !name.startsWith('?'));
  if (missing !== undefined) throw new UsageError(`<${missing}> is missing`);
  const extra = given[positionals.length];
  if (extra !== undefined) throw new UsageError(`${extra} is one argument too many`);
};

/** Containers run as a number that has no name. */
const machineUser = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
};

const textOf = (value: OptionValue): string | undefined => (typeof value === 'string' ? value : undefined);

const auditOf = (
  action: string,
  { by, reason }: CommandInput['options'],
  write: Terminal['audit'],
): Pick<CommandInput, 'actor' | 'audit'> => {
  const logger = createLogger('cli', 'info', { write });
  const who = { actor: textOf(by) ?? machineUser(), action, reason: textOf(reason) ?? '' };
  return { actor: who.actor, audit: (object) => writeAudit(logger, { ...who, object }) };
};

const runCommand = async (
  command: Command,
  args: string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> => {
  const { values, positionals } = parse(command, args);
  if (values.help === true) {
    terminal.out(helpOf(command));
    return EXIT.ok;
  }
  assertPositionals(command, positionals);
  const { json, help: _, ...options } = values;
  const print: CommandInput['print'] = (line) => terminal.out(`${line}\n`);
  const audit = auditOf(command.name, options, terminal.audit);
  const input = { positionals, options, json: json === true, env, print, ...audit };
  return (await withRequestId(randomUUID(), () => command.run(input))) ?? EXIT.ok;
};

const explain = (error: unknown): string => {
  if (error instanceof ProblemError) return `${error.problem.code}: ${error.message}`;
  return error instanceof Error ? error.message : 'failed';
};

/** Runs one command line. @returns its exit code: 0, 1 failed, 64 wrong usage, 78 wrong configuration */
export const runCli = async (
  commands: readonly Command[],
  argv: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> => {
  const asksForHelp = argv[0] === '--help' || argv[0] === '-h' || argv[0] === 'help';
  const found = findCommand(commands, argv);
  if (found === undefined) {
    (asksForHelp ? terminal.out : terminal.error)(usageOf(commands));
    return asksForHelp ? EXIT.ok : EXIT.usage;
  }
  try {
    return await runCommand(found.command, found.rest, env, terminal);
  } catch (error) {
    terminal.error(`${explain(error)}\n`);
    if (error instanceof UsageError) {
      terminal.error(helpOf(found.command));
      return EXIT.usage;
    }
    return error instanceof ConfigError ? EXIT.config : EXIT.failed;
  }
};
