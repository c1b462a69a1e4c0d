import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockFile } from '@claimcheck/local-stack/file-lock';
import { cacheDirectory } from '@claimcheck/local-stack/find-program';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { systemProgram } from '../../harness/system-program.ts';

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const INSTALL_LIMIT_MS = 10 * 60_000;

/**
 * A Python with the packages of a requirements.txt, made once and kept in the cache.
 * @returns its interpreter; @throws Error that says what to install
 */
export const pythonEnvironment = async (requirements = REQUIREMENTS): Promise<string> => {
  const env = process.env;
  const python = await systemProgram({
    programs: ['python3'],
    aptPackage: 'python3-venv',
    purpose: 'tests with Python',
    env,
  });
  const version = (await runCommand(python, ['--version'], { env })).trim().replace('Python ', '');
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 8);
  const cache = cacheDirectory(env);
  await mkdir(join(cache, 'locks'), { recursive: true });
  const folder = join(cache, `python-${version}-${wanted}`);
  const interpreter = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  const lock = await lockFile(join(cache, 'locks', `python-${version}-${wanted}.lock`), {
    timeoutMs: INSTALL_LIMIT_MS,
  });
  try {
    if (await isFile(complete)) return interpreter;
    await rm(folder, { recursive: true, force: true });
    await install(python, folder, requirements);
    await writeFile(complete, '');
    return interpreter;
  } finally {
    lock.release();
  }
};

const isFile = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  );

const install = async (python: string, folder: string, requirements: string): Promise<void> => {
  const options = { env: process.env, signal: AbortSignal.timeout(INSTALL_LIMIT_MS) };
  try {
    await runCommand(python, ['-m', 'venv', folder], options);
    await runCommand(
      join(folder, 'bin', 'python'),
      ['-m', 'pip', 'install', '-q', '-r', requirements],
      options,
    );
  } catch (error) {
    throw new Error(
      `${requirements} could not be installed. It needs Python 3 with venv ("apt-get install python3-venv" on Debian ` +
        'and Ubuntu) and a way to PyPI.',
      { cause: error },
    );
  }
};
