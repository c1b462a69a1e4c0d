import { runCommand } from '@claimcheck/local-stack/run-command';
import { systemProgram } from '../harness/system-program.ts';

/** Runs Prometheus' own tool. @returns its output; @throws Error with it on failure */
export const promtool = async (...args: string[]): Promise<string> => {
  const program = await systemProgram({
    programs: ['promtool'],
    aptPackage: 'prometheus',
    purpose: 'the tests of the alerts',
  });
  return runCommand(program, args, { env: process.env });
};
