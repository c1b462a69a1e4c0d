// What `npm run capacity` runs: the tables of docs/capacity.md from the figures in bench/results.
import { writeFile } from 'node:fs/promises';
import { CAPACITY_DOCUMENT, withTables } from './capacity-document.ts';
import { readFigures } from './figures.ts';
import { planTables } from './plan-tables.ts';

await writeFile(CAPACITY_DOCUMENT, await withTables(planTables(await readFigures())));
