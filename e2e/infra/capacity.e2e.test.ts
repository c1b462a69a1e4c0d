import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CAPACITY_DOCUMENT, withTables } from './capacity/capacity-document.ts';
import { MEASURED_BY_HAND, readFigures } from './capacity/figures.ts';
import { largestInstallation, planFor } from './capacity/plan.ts';
import { planTables } from './capacity/plan-tables.ts';

test('docs/capacity.md has the plans that follow from the figures (npm run capacity writes them)', async () => {
  const tables = planTables(await readFigures());
  expect(await readFile(CAPACITY_DOCUMENT, 'utf8')).toBe(await withTables(tables));
});

test('manually measured figures are in docs/measurements.md', async () => {
  const measurements = await readFile(new URL('../../docs/measurements.md', import.meta.url), 'utf8');
  for (const figure of Object.values(MEASURED_BY_HAND)) expect(measurements).toContain(figure.toString());
});

test('a hundred times the load needs a hundred times the cores; the stream limits an installation', async () => {
  const figures = await readFigures();
  const [small, large] = [planFor(1, figures), planFor(100, figures)];
  expect(large.workerCores).toBeCloseTo(100 * small.workerCores);
  expect(large.gatewayCores).toBeCloseTo(100 * small.gatewayCores);
  const most = largestInstallation(figures);
  expect(planFor(most, figures).installations).toBe(1);
  expect(planFor(most + 1, figures).installations).toBe(2);
});
