import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `  console.log(${index});\n`).join('');

const LONG_FUNCTION = `export const long = (): void => {\n${lines(61)}};\n`;
const AT_THE_LIMITS = `export const long = (a: number, b: number, c: number, d: number): void => {
${lines(57)}  void [a, b, c, d];\n};\n`;

let folder: string;
/** `path: rule` of everything that the project's own rules find in planted sources. */
let found: string[];

const plant = async (path: string, source: string): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), source);
};

const lint = (): Promise<string> =>
  new Promise((resolve) => {
    const args = [BIOME, 'lint', '--reporter=github', '--max-diagnostics=none', '.'];
    // It exits with 1 when it finds something.
    execFile(process.execPath, args, { cwd: folder }, (_error, stdout) => resolve(stdout));
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-sizes-'));
  const { $schema: _, vcs: __, ...rules } = JSON.parse(await readFile(join(ROOT, 'biome.json'), 'utf8'));
  await plant('biome.json', JSON.stringify(rules));
  for (const room of ['apps/api/src/tus', 'packages/client/src/react/deep']) {
    await plant(`${room}/long-file.ts`, `export {};\n${lines(300)}`);
    await plant(`${room}/long-function.tsx`, LONG_FUNCTION);
    await plant(
      `${room}/five-parameters.ts`,
      'export const add = (a: number, b: number, c: number, d: number, e: number) => a + b + c + d + e;\n',
    );
    await plant(`${room}/at-the-limits.ts`, AT_THE_LIMITS);
    await plant(`${room}/long-function.test.ts`, LONG_FUNCTION);
  }
  found = [...(await lint()).matchAll(/title=([^,]+),file=[^,]*?((?:apps|packages)\/[^,]+),/g)].map(
    ([, rule, path]) => `${path}: ${rule}`,
  );
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the linter refuses long files, long functions and many parameters in apps and packages, and not in tests', () => {
  expect(found.toSorted()).toEqual([
    'apps/api/src/tus/five-parameters.ts: lint/complexity/useMaxParams',
    'apps/api/src/tus/long-file.ts: lint/style/noExcessiveLinesPerFile',
    'apps/api/src/tus/long-function.tsx: lint/complexity/noExcessiveLinesPerFunction',
    'packages/client/src/react/deep/five-parameters.ts: lint/complexity/useMaxParams',
    'packages/client/src/react/deep/long-file.ts: lint/style/noExcessiveLinesPerFile',
    'packages/client/src/react/deep/long-function.tsx: lint/complexity/noExcessiveLinesPerFunction',
  ]);
});

it('no source silences these rules', () => {
  const silenced = /biome-ignore(-all)? lint(\/complexity|\/style)?(\/noExcessiveLines\w+|\/useMaxParams|:)/;
  const sources = ['apps', 'packages'].flatMap((base) =>
    readdirSync(join(ROOT, base)).flatMap((name) =>
      readdirSync(join(ROOT, base, name, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.tsx?$/.test(path) && !path.startsWith('generated'))
        .map((path) => join(base, name, 'src', path)),
    ),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.filter((path) => silenced.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
});
