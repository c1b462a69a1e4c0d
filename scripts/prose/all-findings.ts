import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Finding, findOddWords, isProse } from './find-odd-words.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Reads every text file that git knows, including files not yet committed. */
export const allFindings = async (): Promise<Finding[]> => {
  const { stdout } = await promisify(execFile)(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    { cwd: ROOT, maxBuffer: 2 ** 24 },
  );
  const files = stdout.split('\0').filter(isProse);
  const found = await Promise.all(files.map(async (file) => findOddWords(file, await read(file))));
  return found.flat();
};

/** A file that git still lists but that was deleted reads as empty. */
const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8').catch(() => '');
