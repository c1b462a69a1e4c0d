import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

// It belongs to the root's package, which no other may import from.
const { default: config, ...lists } = await import(`${ROOT}vitest.config.ts`);
const named: string[] = Object.values(lists).flat() as string[];

it.each(named)('vitest.config.ts names files that exist: %s', (pattern) => {
  expect(globSync(pattern, { cwd: ROOT })).not.toEqual([]);
});

it('every test file belongs to a project', () => {
  const all = globSync('{apps,packages,e2e,scripts}/**/*.test.ts', {
    cwd: ROOT,
    exclude: (path) => path.endsWith('node_modules'),
  });
  const projects = config.test.projects as { test: { include: string[] } }[];
  const known = projects.flatMap(({ test }) => globSync(test.include, { cwd: ROOT }));
  expect(all.filter((file) => !known.includes(file))).toEqual([]);
});
