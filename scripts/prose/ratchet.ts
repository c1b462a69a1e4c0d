import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Finding, findOddWords, isProse } from './find-odd-words.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ALLOWED = join(ROOT, 'scripts/prose/allowed.json');

/** How many odd words an area may have. */
export type Counts = Readonly<Record<string, number>>;

/** The first two folders of a path: moving a file within them changes no count. */
export const areaOf = (file: string): string => file.split('/').slice(0, -1).slice(0, 2).join('/') || '.';

/** Reads every text file that git knows, new ones included. */
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

export const countByArea = (findings: readonly Finding[]): Counts => {
  const counts: Record<string, number> = {};
  for (const { file } of findings) counts[areaOf(file)] = (counts[areaOf(file)] ?? 0) + 1;
  return counts;
};

/** Areas with more odd words than are allowed. */
export const risenAreas = (counts: Counts, allowed: Counts): string[] =>
  Object.keys(counts).filter((area) => (counts[area] ?? 0) > (allowed[area] ?? 0));

export const readAllowed = async (): Promise<Counts> => JSON.parse(await readFile(ALLOWED, 'utf8'));

/** Lowers what is allowed to what there is; an area that has risen keeps its limit. */
export const lowerAllowed = async (counts: Counts, allowed: Counts): Promise<void> => {
  const areas = Object.keys(allowed).toSorted();
  const lowered = areas.map((area) => [area, Math.min(counts[area] ?? 0, allowed[area] ?? 0)] as const);
  const left = Object.fromEntries(lowered.filter(([, count]) => count > 0));
  await writeFile(ALLOWED, `${JSON.stringify(left, null, 2)}\n`);
};

/** A file that git lists and that is gone has no text. */
const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8').catch(() => '');
