import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const text = read('ARCHITECTURE.md');

const foldersIn = (path: string): string[] =>
  readdirSync(new URL(`${path}/`, ROOT), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'generated' && entry.name !== 'node_modules')
    .map((entry) => `${path}/${entry.name}`)
    .sort();

/** First columns of the tables: folders in backticks. */
const rows = [...text.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, folder = '', rest = '']) => ({
  folder,
  cells: rest.split('|').map((cell) => cell.trim()),
}));

it('ARCHITECTURE.md has a row for each app and package, and no other', () => {
  const listed = rows.filter(({ folder }) => /^(apps|packages)\/[^/]+$/.test(folder));
  expect(listed.map(({ folder }) => folder).sort()).toEqual([...foldersIn('apps'), ...foldersIn('packages')]);
});

it.each([
  'apps/api/src',
  'apps/api/src/media',
  'apps/worker/src',
  'apps/gateway/src',
  'packages/platform/src',
  'packages/client/src',
])('ARCHITECTURE.md has a row for each room of %s, and no other', (base) => {
  const listed = rows
    .map(({ folder }) => folder)
    .filter((folder) => folder.startsWith(`${base}/`) && !folder.slice(base.length + 1).includes('/'));
  expect(listed.sort()).toEqual(foldersIn(base));
});

it('turbo.json checks the imports that a package may have', () => {
  const { tags } = JSON.parse(read('turbo.json')).boundaries as {
    tags: Record<string, { dependencies: { allow: string[] } }>;
  };
  const allowed = Object.entries(tags).map(([tag, { dependencies }]) => [tag, dependencies.allow.toSorted()]);
  const listed = rows
    .filter(({ folder, cells }) => cells.length === 2 && /^(apps\/|packages\/|e2e)/.test(folder))
    .map(({ folder, cells: [, imports = ''] }) => [
      folder.split('/').at(-1),
      imports === '–' ? [] : imports.split(', '),
    ]);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(allowed));
});

it('each path that ARCHITECTURE.md names exists', () => {
  const paths = [...text.matchAll(/`((?:apps|packages|e2e)[^`]*)`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(40);
  expect(paths.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
});
