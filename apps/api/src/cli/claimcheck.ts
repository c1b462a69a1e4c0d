import { COMMANDS } from './commands/index.ts';
import { runCli } from './run-cli.ts';

// Not process.exit: what was written to a pipe is written whole.
process.exitCode = await runCli(COMMANDS, process.argv.slice(2), process.env, {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
