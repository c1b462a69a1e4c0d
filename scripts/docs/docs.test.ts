import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { GENERATED_PAGES } from './generated-pages.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFile(join(ROOT, file), 'utf8');

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

test.each(GENERATED_PAGES)('npm run docs writes $file', async ({ file, text }) => {
  expect(await readFile(file, 'utf8'), basename(file)).toBe(text());
});

test('README fits on a page', async () => {
  const readme = await read('README.md');
  expect(readme.split('\n').length).toBeLessThanOrEqual(110);
  expect(readme.split(/\s+/).length).toBeLessThanOrEqual(900);
});

test('every dependency has a reason, and no reason is left over', async () => {
  const named = new Set<string>();
  for await (const file of glob('{.,apps/*,packages/*,e2e}/package.json', { cwd: ROOT })) {
    const { dependencies, devDependencies }: Manifest = JSON.parse(await read(file));
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) named.add(name);
  }
  const wanted = [...named].filter((name) => !/^@(types|claimcheck)\//.test(name));
  const cells = (await read('docs/dependencies.md')).split('\n').map((line) => line.split('|')[1] ?? '');
  const explained = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  expect(explained.toSorted()).toEqual(wanted.toSorted());
});

test('every decision has its number, a status, context, decision and consequences', async () => {
  const index = await read('docs/decisions/README.md');
  for await (const file of glob('docs/decisions/[0-9]*.md', { cwd: ROOT })) {
    const text = await read(file);
    const number = Number(basename(file).slice(0, 4));
    expect(text, file).toMatch(new RegExp(`^# ${number}\\. `));
    expect(text, file).toMatch(/^Status: (accepted|superseded by \[.*\]\(.*\)), \d{4}-\d{2}-\d{2}$/m);
    const sections = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(sections, file).toEqual(['Context', 'Decision', 'Consequences']);
    expect(index, file).toContain(`](${basename(file)})`);
  }
});
