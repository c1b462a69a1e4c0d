import { COMMANDS } from './commands/index.ts';
import { runCli } from './run-cli.ts';
import { withRunningSystem } from './running-system.ts';

const error = (text: string) => process.stderr.write(text);
const env = withRunningSystem(process.env, (line) => error(`${line}\n`));

// Not process.exit: output to a pipe is written completely.
process.exitCode = await runCli(COMMANDS, process.argv.slice(2), env, {
  out: (text) => process.stdout.write(text),
  error,
});
