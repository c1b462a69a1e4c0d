import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockFile } from '@claimcheck/local-stack/file-lock';
import { cacheDirectory } from '@claimcheck/local-stack/find-program';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { systemProgram } from '../../harness/system-program.ts';

const CLIENTS = new URL('./pom.xml', import.meta.url);
const INSTALL_LIMIT_MS = 10 * 60_000;

const program = (name: string, aptPackage: string): Promise<string> =>
  systemProgram({
    programs: [name],
    aptPackage,
    purpose: 'tests with Java',
  });

export interface JavaLibraries {
  java: string;
  /** Where the libraries are. */
  folder: string;
  classPath: string;
}

/**
 * Finds Java, and downloads the libraries of a pom.xml once; they stay in the cache.
 * @throws Error that says what to install
 */
export const javaLibraries = async (pomUrl = CLIENTS): Promise<JavaLibraries> => {
  const pom = fileURLToPath(pomUrl);
  // A runtime without the compiler can't run a source file.
  await program('javac', 'default-jdk-headless');
  const java = await program('java', 'default-jdk-headless');
  const wanted = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 8);
  const cache = cacheDirectory(process.env);
  await mkdir(join(cache, 'locks'), { recursive: true });
  const folder = join(cache, `java-${wanted}`);
  const lock = await lockFile(join(cache, 'locks', `java-${wanted}.lock`), { timeoutMs: INSTALL_LIMIT_MS });
  try {
    await access(folder).catch(() => install(pom, cache, folder));
  } finally {
    lock.release();
  }
  return { java, folder, classPath: join(folder, '*') };
};

const install = async (pom: string, cache: string, folder: string): Promise<void> => {
  const maven = await program('mvn', 'maven');
  const unfinished = await mkdtemp(join(cache, 'fetch-java-'));
  try {
    await runCommand(
      maven,
      ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`],
      { env: process.env, signal: AbortSignal.timeout(INSTALL_LIMIT_MS) },
    );
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
};
