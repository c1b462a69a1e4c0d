import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CAPACITY_DOCUMENT, withTables } from './capacity/capacity-document.ts';
import { readFigures } from './capacity/figures.ts';
import { largestInstallation, planFor } from './capacity/plan.ts';
import { planTables } from './capacity/plan-tables.ts';

test('docs/capacity.md has the plans that follow from the figures (npm run capacity writes them)', async () => {
  const tables = planTables(await readFigures());
  expect(await readFile(CAPACITY_DOCUMENT, 'utf8')).toBe(await withTables(tables));
});

test('a hundred times the load needs a hundred times the cores; the stream limits an installation', async () => {
  const figures = await readFigures();
  const [small, large] = [planFor(1, figures), planFor(100, figures)];
  expect(large.workerCores).toBeCloseTo(100 * small.workerCores);
  expect(large.gatewayCores).toBeCloseTo(100 * small.gatewayCores);
  expect(large.walMibPerSecond).toBeCloseTo(100 * small.walMibPerSecond);
  const most = largestInstallation(figures);
  expect(planFor(most, figures).installations).toBe(1);
  expect(planFor(most + 1, figures).installations).toBe(2);
});
