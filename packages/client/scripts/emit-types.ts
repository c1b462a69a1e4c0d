import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ENTRIES, SUBPATHS } from './entries.ts';

const SPECIFIER = /(from |import\()(['"])(\.{1,2}\/[^'"]+|@claimcheck\/[^'"]+)\2/g;

/**
 * Emits the compiler's declarations of every export, and of their own imports, into `dist/types`, with names that need
 * nothing but the package.
 */
export const emitTypes = async (root: string, dist: string): Promise<void> => {
  await promisify(execFile)('tsc', ['-p', join(root, 'tsconfig.build.json')], { cwd: root });
  const emitted = join(dist, 'declarations');
  const written = new Set<string>();

  /** Returns where the compiler put the declarations of `specifier`. */
  const sourceOf = (specifier: string, from: string): string => {
    const contract = /^@claimcheck\/contracts\/(.+)$/.exec(specifier)?.[1];
    const path = contract ? join(emitted, 'contracts/src', contract) : join(dirname(from), specifier);
    return path.replace(/\.tsx?$/, '').concat('.d.ts');
  };
  const targetOf = (source: string): string =>
    join(
      dist,
      'types',
      relative(emitted, source).replace(/^(client|contracts)\/src\//, (_, name) =>
        name === 'client' ? '' : 'contracts/',
      ),
    );

  const take = async (source: string): Promise<void> => {
    const target = targetOf(source);
    if (written.has(target)) return;
    written.add(target);
    const needed: string[] = [];
    const code = (await readFile(source, 'utf8')).replace(
      SPECIFIER,
      (_, before: string, quote: string, specifier: string) => {
        const other = sourceOf(specifier, source);
        needed.push(other);
        const path = relative(dirname(target), targetOf(other)).replace(/\.d\.ts$/, '.js');
        return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
      },
    );
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, code);
    for (const other of needed) await take(other);
  };

  for (const name of Object.values(SUBPATHS))
    await take(join(emitted, 'client', ENTRIES[name].replace(/\.ts$/, '.d.ts')));
  await rm(emitted, { recursive: true });
};

/** Returns the path of a subpath's declarations, relative to `dist`. */
export const typesOf = (name: keyof typeof ENTRIES): string =>
  `./${ENTRIES[name].replace(/^src\//, 'types/').replace(/\.ts$/, '.d.ts')}`;
