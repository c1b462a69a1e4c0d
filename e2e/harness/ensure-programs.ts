import type { SystemPackage } from '@claimcheck/local-stack/ensure-system-package';
import { systemProgram } from './system-program.ts';

type Wanted = Pick<SystemPackage, 'programs' | 'aptPackage' | 'purpose'>;

export const CHROMIUM_NAMES: readonly string[] = ['chromium', 'chromium-browser', 'google-chrome'];

const PROGRAMS = {
  ffmpeg: { programs: ['ffmpeg'], aptPackage: 'ffmpeg', purpose: 'video' },
  chromium: { programs: CHROMIUM_NAMES, aptPackage: 'chromium', purpose: 'browser tests' },
} satisfies Record<string, Wanted>;

/**
 * Ensures the programs that a run needs from its start; a single test asks for its own.
 * @throws Error that names the first program that is missing and cannot be installed
 */
export const ensurePrograms = async (
  names: readonly (keyof typeof PROGRAMS)[],
  env: SystemPackage['env'],
): Promise<void> => {
  // One after the other: apt-get locks.
  for (const name of names) await systemProgram({ ...PROGRAMS[name], env });
};
