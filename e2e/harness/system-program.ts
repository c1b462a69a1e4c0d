import { ensureSystemPackage, type SystemPackage } from '@claimcheck/local-stack/ensure-system-package';

/** Returns the path of a program that a test or soak needs, and says on stderr when it is installed first. */
export const systemProgram = (
  wanted: Pick<SystemPackage, 'programs' | 'aptPackage' | 'purpose'> & Partial<Pick<SystemPackage, 'env'>>,
): Promise<string> =>
  ensureSystemPackage({
    env: process.env,
    onProgress: (line) => process.stderr.write(`${line}\n`),
    ...wanted,
  });
