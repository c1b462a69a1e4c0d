import { auditWriter } from './audit-writer.ts';
import { COMMANDS } from './commands/index.ts';
import { runCli } from './run-cli.ts';
import { withRunningSystem } from './running-system.ts';

const write = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(text);
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });

const error = write(process.stderr);
const env = withRunningSystem(process.env, (line) => error(`${line}\n`));

const code = await runCli(COMMANDS, process.argv.slice(2), env, {
  out: write(process.stdout),
  error,
  audit: auditWriter(env, error),
});
// The output is written completely before the exit, also into a pipe. A connection that a silent server keeps open must
// not keep the command alive: cron may run it during the very incident that it reports.
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(code);
