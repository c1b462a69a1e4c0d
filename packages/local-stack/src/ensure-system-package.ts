import { access } from 'node:fs/promises';
import type { Environment } from './environment.ts';
import { findOnPath } from './find-program.ts';
import { type Progress, withProgress } from './progress.ts';
import { runCommand } from './run-command.ts';

export interface SystemPackage {
  /** Names the program may have; the first one found on PATH counts. */
  programs: readonly string[];
  aptPackage: string;
  /** Its purpose, for the error: "… is missing, needed for <purpose>". */
  purpose: string;
  env: Environment;
  onProgress: Progress;
  signal?: AbortSignal | undefined;
}

/**
 * Returns the path of a program that the system's package manager provides, and installs it with apt-get when
 * this process is root on Debian or Ubuntu.
 * @throws Error that says how to install it.
 */
export const ensureSystemPackage = async (wanted: SystemPackage): Promise<string> => {
  const found = await findAny(wanted);
  if (found !== undefined) return found;
  const [name = wanted.aptPackage] = wanted.programs;
  const help = `${name} is missing (needed for ${wanted.purpose}). Install it: ${howToInstall(wanted.aptPackage)}`;
  if (process.getuid?.() !== 0 || !(await isDebian()) || !(await findOnPath('apt-get', wanted.env))) {
    throw new Error(help);
  }
  try {
    await install(wanted);
  } catch (error) {
    wanted.signal?.throwIfAborted();
    throw new Error(`${help}\napt-get failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  const installed = await findAny(wanted);
  if (installed === undefined) throw new Error(`apt-get installed ${wanted.aptPackage}, but ${help}`);
  return installed;
};

const install = async ({ aptPackage, env, onProgress, signal }: SystemPackage): Promise<void> => {
  const options = {
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    ...(signal ? { signal } : {}),
  };
  // Waits for another apt-get (a second test run, unattended upgrades).
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-q'];
  onProgress(`${aptPackage}: not found, installing with apt-get…`);
  await withProgress(`${aptPackage}: installing with apt-get`, onProgress, async () => {
    await runCommand('apt-get', [...wait, 'update'], options);
    await runCommand('apt-get', [...wait, 'install', '-y', '--no-install-recommends', aptPackage], options);
  });
};

const findAny = async ({ programs, env }: SystemPackage): Promise<string | undefined> => {
  for (const program of programs) {
    const path = await findOnPath(program, env);
    if (path !== undefined) return path;
  }
  return undefined;
};

const isDebian = async (): Promise<boolean> => {
  return access('/etc/debian_version').then(
    () => true,
    () => false,
  );
};

const howToInstall = (aptPackage: string): string => {
  return (
    `"apt-get install ${aptPackage}" on Debian and Ubuntu, ` +
    `or the package of that name with your system's package manager (dnf, apk, brew).`
  );
};
