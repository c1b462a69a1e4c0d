import { ensureSystemPackage } from '@claimcheck/local-stack/ensure-system-package';
import { runCommand } from '@claimcheck/local-stack/run-command';

/** Runs Prometheus' own tool. @returns its output; @throws Error with it on failure */
export const promtool = async (...args: string[]): Promise<string> => {
  const program = await ensureSystemPackage({
    programs: ['promtool'],
    aptPackage: 'prometheus',
    purpose: 'the tests of the alerts',
    env: process.env,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  return runCommand(program, args, { env: process.env });
};
